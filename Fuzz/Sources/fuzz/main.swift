import CFuzzer
import Foundation

// fuzz TARGET [libFuzzer's options and corpus folders]
let arguments = CommandLine.arguments
guard arguments.count >= 2, let target = targets[arguments[1]] else {
  print("usage: fuzz TARGET [options] [corpus]\ntargets: " + targets.keys.sorted().joined(separator: ", "))
  exit(2)
}
// The name of the target is not for libFuzzer.
var rest = unsafe CommandLine.unsafeArgv + 1
unsafe rest[0] = CommandLine.unsafeArgv[0]
exit(unsafe runFuzzer(CommandLine.argc - 1, rest, target))
