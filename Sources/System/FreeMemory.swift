import CLinux

/// Freed memory that the allocator keeps.
public enum FreeMemory {
  /// Makes the allocator return large blocks as soon as they are freed. Otherwise it raises its own threshold with
  /// every such block, and keeps tens of megabytes for each thread that once read a large request. To be called before
  /// any thread is started.
  public static func giveBackLargeBlocks() { _ = clinux_set_mmap_threshold(largeBlock) }

  /// The size of a large block, in bytes.
  private static let largeBlock: Int32 = 512 * 1024

  /// Returns free memory to the system: for the quiet after a burst.
  public static func giveBack() { malloc_trim(0) }
}
