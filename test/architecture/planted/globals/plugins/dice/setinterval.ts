export const value = () => setInterval(() => {}, 1);
