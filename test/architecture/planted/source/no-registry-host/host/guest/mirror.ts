export const MIRROR = "http://deb.debian.org/debian";
