namespace StreamUsage.Benchmarks.Workloads;

/// <summary>Whose events a workload has.</summary>
internal enum Wire
{
    Claude,
    Chat,
    Responses,
    Gemini,
}
