/** hep-js has no types: what our conformance tests and benchmarks use of it. */
declare module 'hep-js' {
  const hepjs: {
    /** a packet as JSON; false for what is no packet */
    decapsulate(packet: Buffer): unknown
    encapsulate(payload: string, info: object): Buffer
  }
  export default hepjs
}
