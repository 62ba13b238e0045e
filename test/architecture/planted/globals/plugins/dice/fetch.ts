export const value = () => fetch("data:,");
