import Glibc

/// The resources of this machine.
public enum Machine {
  public static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Memory in bytes: the machine's, or the control group's limit if that is lower.
  public static var memory: Int {
    let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let allowed = ProcessTable.firstLine("/sys/fs/cgroup/memory.max").flatMap(Int.init)
    return min(physical, allowed ?? physical)
  }
}
