/// Marks of text that tries to take over: orders to forget the instructions, feigned turns, known role plays.
///
/// Plain patterns over the folded view; what they miss is for classifiers.
enum InjectionDetectors {
  static let all = [
    Detector("injection", "orders to set the instructions aside", groups: ["injections"], view: .folded, instructions),
    Detector("jailbreak", "known role plays without rules", groups: ["injections"], view: .folded, rolePlays),
    Detector("turn-marks", "marks of chat templates inside a text", groups: ["injections"], view: .raw, turnMarks),
    Detector("prompt-request", "requests to show the system prompt", groups: ["injections"], view: .folded, requests),
  ]

  private static let gap = "[^a-z0-9]{1,4}"
  private static let verb = "(ignore|disregard|forget|override|bypass|neglect|dismiss|overlook|discard|skip|abandon)"
  private static let filler =
    "((all|any|the|every|each|of|your|my|our|these|those|what|everything|about|completely|entirely|previous|prior|above|earlier|preceding|former|initial|original|existing|current|old|other|system|developer|safety|content|and)\(gap)){0,6}"
  private static let order =
    "(previous|prior|above|earlier|preceding|former|initial|original|existing|system|developer|safety|your|foregoing|all|past)"
  private static let thing =
    "(instructions?|prompts?|directions?|directives?|rules?|guidelines?|commands?|orders|constraints?|restrictions?|policies|policy|context|messages?|programming|training|guardrails?|filters?)"

  private static func patterns(_ list: [(name: String, expression: String, score: Double)], label: String) -> [Pattern]
  {
    list.flatMap { item in
      let plain = Pattern(item.name, item.expression, label: label, score: item.score)
      return [plain, plain.rotated]
    }
  }

  private static let instructions = patterns(
    [
      ("forget the instructions", "\\b\(verb)\(gap)\(filler)\(order)\(gap)\(filler)\(thing)\\b", 0.95),
      (
        "do not follow",
        "\\b(do not|don.{1,3}t|never|stop|no longer)\(gap)(follow|obey|following|obeying|comply with|adhere to)\(gap)\(filler)\(order)\(gap)\(filler)\(thing)\\b",
        0.9
      ),
      (
        "forget everything",
        "\\b(forget|ignore|disregard)\(gap)(everything|all|anything)\(gap)((that|which|i|you|we|was|were|have|had|been|has)\(gap)){0,4}(above|before|said|told|written|previously|earlier|so far)\\b",
        0.9
      ),
      (
        "new instructions",
        "\\b(here are|these are|follow|obey|execute)\(gap)(your|my|the|these)\(gap)(new|updated|real|actual|true|revised)\(gap)(instructions?|orders|rules|directives?|task|prompt)\\b",
        0.8
      ),
      (
        "instead of the task",
        "\\b(your|the)\(gap)(new|real|actual|only|true)\(gap)(task|goal|objective|instruction|job|purpose)\(gap)(is|are|will be)\(gap)(now |to )",
        0.7
      ),
      (
        "from now on",
        "\\bfrom now on\(gap)(you|your|ignore|act|respond|answer|reply)\(gap)(are|will|must|shall|as|act|answer|respond|have|only|can)\\b",
        0.6
      ),
      (
        "end of the prompt",
        "\\b(end|begin|start) of (the )?(system |user |initial |new )?(prompt|instructions|message|context)\\b", 0.55
      ),
      (
        "in german",
        "\\b(ignoriere?|vergiss|missachte)\(gap)((alle|die|deine|jede|samtliche|bisherigen|vorherigen|obigen|vorigen|vorangegangenen|fruheren|alles)\(gap)){1,4}(anweisung(en)?|regeln|vorgaben|instruktionen|befehle)\\b",
        0.9
      ),
      (
        "in french",
        "\\b(ignore[rz]?|oublie[rz]?)\(gap)((toutes?|tous|les|tes|vos|mes|ces)\(gap)){1,3}(instructions?|consignes?|regles?|directives?)\(gap)(precedentes?|anterieures?|ci-dessus|initiales?)\\b",
        0.9
      ),
      (
        "in spanish",
        "\\b(ignora|ignore|olvida|olvide)\(gap)((todas?|todos|las|los|tus|sus|mis)\(gap)){1,3}(instrucciones|reglas|indicaciones|ordenes)\(gap)(anteriores|previas|iniciales)\\b",
        0.9
      ),
    ], label: "INJECTION")

  private static let rolePlays = patterns(
    [
      (
        "dan",
        "\\b(you are|act as|pretend to be|become|be|as|called|named|stay|roleplay as|simulate)\(gap)(a |an |the |now |now a |going to be )?(dan|stan|dude|aim|jailbroken|jailbreak|unrestricted ai|unfiltered ai|evil ai|evilbot|developer mode|chaosgpt)\\b",
        0.8
      ),
      ("do anything now", "\\b(do|does|can do)\(gap)anything\(gap)now\\b", 0.9),
      (
        "without rules",
        "\\b(without|no|free (of|from)|not bound by|not limited by|no longer bound by|not restricted by)\(gap)((any|all|the|your|my|typical|usual|ethical|moral|legal|safety|content|openai|ai|and|or)\(gap)){0,5}(restrictions?|limitations?|filters?|guidelines?|censorship|guardrails?|content polic(y|ies)|ethics|morals)\\b",
        0.6
      ),
      (
        "mode",
        "\\b(developer|debug|god|admin|sudo|dan|jailbreak|unrestricted|maintenance|root)\(gap)mode\(gap)(enabled|on|activated|output|active|engaged)\\b",
        0.85
      ),
      (
        "answer twice",
        "\\b(provide|give|write|answer|respond|generate|reply)\(gap)((with|in|me)\(gap)){0,1}two (different )?(responses|answers|outputs|ways|replies)\\b",
        0.6
      ),
      (
        "never refuse",
        "\\b(never|cannot|can.{1,3}t|must not|do not|don.{1,3}t|will not)\(gap)(say no|refuse|decline|reject)\(gap)((to|any|my|a|an|the|answer|requests?|questions?|instructions?|orders)\\b|because)",
        0.6
      ),
      (
        "stay in character",
        "\\b(stay|remain|keep|break|breaking|staying)\(gap)(in|out of)? ?character\(gap)(at all times|no matter|always|and|or)\\b",
        0.5
      ),
    ], label: "JAILBREAK")

  private static let requests = patterns(
    [
      (
        "show the prompt",
        "\\b(show|reveal|print|repeat|output|display|tell|give|share|list|leak|dump|recite|disclose|expose|write|return|summari[sz]e|translate|what (is|are|was|were))\(gap)((me|us|out|back|to|the|all|of|your|exact|full|entire|complete|whole|original|initial|hidden|secret|internal|verbatim|word for word|first|above|previous|text)\(gap)){0,6}(system ?prompts?|system ?messages?|system ?instructions?|initial (prompt|instructions)|hidden (prompt|instructions)|secret instructions|prompt above|text above|instructions above|developer message|pre-?prompt)\\b",
        0.8
      ),
      (
        "repeat what is above",
        "\\b(repeat|print|output|copy|write)\(gap)((the|all|of|everything|words|text|out|any|content)\(gap)){1,5}(above|before this|so far|preceding this)\\b",
        0.6
      ),
    ], label: "PROMPT-REQUEST")

  private static let turnMarks: [Pattern] = [
    Pattern(
      "chatml",
      "<\\|(im_start|im_end|im_sep|system|user|assistant|end|endoftext|endofprompt|eot_id|eom_id|begin_of_text|start_header_id|end_header_id|fim_prefix|tool_call|start_of_role|end_of_role)\\|>",
      label: "TURN-MARK", score: 0.95),
    Pattern("llama", "\\[/?INST\\]|<</?SYS>>|<(start|end)_of_turn>", label: "TURN-MARK", score: 0.95),
    Pattern(
      "deepseek", "<\u{FF5C}(User|Assistant|begin\u{2581}of\u{2581}sentence|end\u{2581}of\u{2581}sentence)\u{FF5C}>",
      label: "TURN-MARK", score: 0.95),
    Pattern(
      "heading", "(?i)^#{1,4} ?(system|assistant|instructions?|new instructions?)( (prompt|message))?:",
      label: "TURN-MARK", score: 0.6),
    Pattern(
      "tag", "(?i)</?(system|system_prompt|system-prompt|instructions|developer)>", label: "TURN-MARK", score: 0.55),
  ]
}
