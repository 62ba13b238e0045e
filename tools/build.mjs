/** `npm run build`: what `npm start` does, without the start. */
import { prepare, reported } from "./prepare.mjs";

await reported(() => prepare());
