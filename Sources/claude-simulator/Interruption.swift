/// An `interrupt` has come: the turn under way ends.
struct Interruption: Error {}
