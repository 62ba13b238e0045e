export const MIRROR = "http://deb.debian.example/debian";
