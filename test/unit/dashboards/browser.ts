/** The few things of a browser that modules of the dashboard ask for when they are loaded. To be imported first. */
const nothingKept = { getItem: () => null, setItem() {}, removeItem() {} }

Object.assign(globalThis, {
  addEventListener() {},
  document: { hidden: false, addEventListener() {} },
})
// Node has these of its own from some version on, as accessors
for (const name of ['sessionStorage', 'localStorage']) {
  Object.defineProperty(globalThis, name, { value: nothingKept, configurable: true })
}
