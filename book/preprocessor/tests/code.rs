mod aborted;
mod refused;
mod reset;
mod timed_out;
