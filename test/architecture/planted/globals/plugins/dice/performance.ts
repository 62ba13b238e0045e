export const value = () => performance.now();
