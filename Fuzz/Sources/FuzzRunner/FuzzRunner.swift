public import CFuzzer
import Foundation

/// Runs libFuzzer on the target that the first argument names: `PROGRAM TARGET [libFuzzer's options and corpus folders]`.
public func fuzz(_ targets: [String: FuzzTarget]) -> Never {
  let arguments = CommandLine.arguments
  guard arguments.count >= 2, let target = targets[arguments[1]] else {
    print("usage: TARGET [options] [corpus]\ntargets: " + targets.keys.sorted().joined(separator: ", "))
    exit(2)
  }
  // The name of the target is not for libFuzzer.
  let rest = unsafe CommandLine.unsafeArgv + 1
  unsafe rest[0] = CommandLine.unsafeArgv[0]
  exit(unsafe runFuzzer(CommandLine.argc - 1, rest, target))
}
