export const value = () => Buffer.alloc(1);
