export const value = () => setTimeout(() => {}, 1);
