export { dma8237 } from "./dma.js";
