/// The tools of the recorded `init` line.
enum BuiltInTools {
  static let names = [
    "Task", "Bash", "CronCreate", "CronDelete", "CronList", "Edit", "EnterWorktree", "ExitWorktree", "ListAgents",
    "Monitor", "NotebookEdit", "Read", "ReportFindings", "ScheduleWakeup", "SendMessage", "Skill", "TaskStop",
    "ToolSearch", "WebFetch", "WebSearch", "Workflow", "Write",
  ]

  /// Those that `acceptEdits` lets run.
  static let editing = ["Edit", "NotebookEdit", "Write"]
}
