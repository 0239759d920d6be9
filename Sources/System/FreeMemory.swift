import CLinux

/// Memory that was freed, but that the allocator keeps.
public enum FreeMemory {
  /// Has large blocks given back as soon as they are freed. The allocator would raise its own threshold with every such
  /// block, and keep tens of megabytes for each thread that once read a large request. To be called before any thread is
  /// started.
  public static func giveBackLargeBlocks() { _ = clinux_set_mmap_threshold(largeBlock) }

  /// Bytes of a block that is large.
  private static let largeBlock: Int32 = 512 * 1024

  /// Gives it back to the system: for the quiet after a burst.
  public static func giveBack() { malloc_trim(0) }
}
