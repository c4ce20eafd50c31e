mod circuit;
mod native;
mod wide;
