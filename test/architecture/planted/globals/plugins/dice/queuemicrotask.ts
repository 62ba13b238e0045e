export const value = () => queueMicrotask(() => {});
