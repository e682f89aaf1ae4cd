/** What the encoder needs of base/inet. */
export { asInet6, inetBytes } from '../base/inet.js'
