export const value = () => Date.now();
