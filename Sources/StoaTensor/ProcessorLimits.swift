import CStoaKernels
import Foundation

/// How many processors this process may use.
public enum ProcessorLimits {
  /// Processors in the affinity mask.
  public static var affinity: Int { stoa_affinity_count() }

  /// The quota of the control group in processors, or nil when there is none (cgroup v2 `cpu.max`, v1 `cpu.cfs_*`).
  public static var quota: Double? {
    var limits: [Double] = []
    for folder in controlGroups() {
      if let text = try? String(contentsOfFile: folder + "/cpu.max", encoding: .utf8) {
        let parts = text.split(whereSeparator: \.isWhitespace)
        if parts.count == 2, let quota = Double(parts[0]), let period = Double(parts[1]), period > 0 {
          limits.append(quota / period)
        }
      }
    }
    if let quota = number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), quota > 0,
      let period = number("/sys/fs/cgroup/cpu/cpu.cfs_period_us"), period > 0
    {
      limits.append(quota / period)
    }
    return limits.min()
  }

  /// Threads to use unless told otherwise: the affinity mask, limited by the quota rounded up.
  public static var defaultThreads: Int {
    guard let quota else { return max(1, affinity) }
    return max(1, min(affinity, Int(min(quota, 4096).rounded(.up))))
  }

  /// The folder of this process's control group and its parents, each of which may carry a limit.
  private static func controlGroups() -> [String] {
    let root = "/sys/fs/cgroup"
    guard let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return [root] }
    var folders = [root]
    for part in line.dropFirst(3).split(separator: "/") where part != ".." {
      folders.append((folders.last ?? root) + "/" + part)
    }
    return folders
  }

  private static func number(_ path: String) -> Double? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return Double(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
