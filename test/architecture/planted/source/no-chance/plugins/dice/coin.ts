export const toss = () => Math["random"]() < 0.5;
