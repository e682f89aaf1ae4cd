/** The configuration of `hepgate run` without `--config`: what config/hepgate.yaml says, but for the place of its state. */

// A test holds this and config/hepgate.yaml together; that file gives the reasons.
export const defaultText = `
socket: tls:0.0.0.0:5061
proto_tls:
  tls_handshake_timeout: 5000
  tls_send_timeout: 2000
  trace_destination: hep_dest
  trace_on: 1
proto_hep:
  hep_id: "[hep_dest]127.0.0.1:9060;transport=tcp"
collector:
  listen: [udp:127.0.0.1:9060, tcp:127.0.0.1:9060]
routes:
  tls_filter: |
    # not the monitoring host, and only what came in on the port of the phones
    if ($si == "192.0.2.200" || $socket_in(port) != 5061)
      drop;
api:
  listen: 127.0.0.1:8080
`
