/** What a case is, however it came about: from the generator, from a file, from the shrinker. */

/**
 * @typedef {object} Start
 * @property {number} environment
 * @property {number} window
 * @property {number} codeOffset
 * @property {ArrayLike<number>} code
 * @property {number} flags
 * @property {readonly number[]} registers
 * @property {Uint8Array} memory
 * @property {Uint8Array | undefined} units see `units.mjs`; undefined when the case has nothing to do with them
 */
/**
 * What of the end is not the instruction's to say.
 * @typedef {object} Judgement
 * @property {number} undefined flags that the instructions leave undefined
 * @property {number} statusUndefined likewise bits of the x87 status word
 * @property {boolean} approximate x87 registers may be off by one in the last place
 * @property {readonly (readonly [offset: number, length: number])[]} masks stretches of the window that are not compared
 */
/**
 * @typedef {object} End
 * @property {number} vector
 * @property {number} error
 * @property {number} cr2
 * @property {number} eip
 * @property {number} flags
 * @property {readonly number[]} registers
 * @property {readonly number[]} segments
 * @property {Uint8Array} memory
 * @property {Uint8Array | undefined} units
 */

export {};
