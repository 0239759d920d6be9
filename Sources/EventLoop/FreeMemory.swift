import CLinux

/// Memory that was freed, but that the allocator keeps.
public enum FreeMemory {
  /// Gives it back to the system: for the quiet after a burst.
  public static func giveBack() { malloc_trim(0) }
}
