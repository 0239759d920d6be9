import Glibc

/// The resources of this machine.
public enum Machine {
  public static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Memory in bytes: the machine's, or the control group's limit if that is lower.
  public static var memory: Int {
    let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let allowed = ProcessTable.firstLine("\(controlGroup)/memory.max").flatMap(Int.init)
    return min(physical, allowed ?? physical)
  }

  /// Memory that programs can still take, in bytes; nil where the kernel does not report it.
  public static var availableMemory: Int? {
    availableMemory(
      meminfo: ProcessTable.text(of: "/proc/meminfo"), limit: ProcessTable.firstLine("\(controlGroup)/memory.max"),
      usage: ProcessTable.firstLine("\(controlGroup)/memory.current"),
      statistics: ProcessTable.text(of: "\(controlGroup)/memory.stat"))
  }

  private static let controlGroup = "/sys/fs/cgroup"

  /// The kernel's estimate (`MemAvailable`, proc(5)), or what the control group leaves if that is less. The group's
  /// file cache that was not used lately does not count as taken.
  static func availableMemory(meminfo: String, limit: String?, usage: String?, statistics: String) -> Int? {
    let machine = number(after: "MemAvailable:", in: meminfo).map { $0 * 1024 }
    guard let limit = limit.flatMap(Int.init), let usage = usage.flatMap(Int.init) else { return machine }
    let group = max(0, limit - usage + (number(after: "inactive_file", in: statistics) ?? 0))
    return min(group, machine ?? group)
  }

  private static func number(after name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
  }
}
