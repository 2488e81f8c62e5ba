namespace StreamUsage.Benchmarks.Workloads;

/// <summary>Whose events a workload has.</summary>
internal enum Protocol
{
    Claude,
    Chat,
    Responses,
    Gemini,
}
