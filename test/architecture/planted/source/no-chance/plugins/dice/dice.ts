export const roll = () => 1 + Math.floor(Math.random() * 6);
