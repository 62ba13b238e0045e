export const value = () => setImmediate(() => {});
