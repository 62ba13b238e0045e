import { EventEmitter } from "eventemitter3";

export const events = EventEmitter;
