using System.Collections.Concurrent;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Live;

/// <summary>The streams that both processes know: made from the same seed, they need not be sent ahead.</summary>
internal static class LiveWorkloads
{
    private static readonly ConcurrentDictionary<(string Name, int Events), Workload> Made = new();

    public static Workload Get(string name, int events) => Made.GetOrAdd((name, events), static key => key.Name switch
    {
        "claude" => ClaudeText.Create(key.Name, EnglishText.NextPhrase, key.Events),
        "chat" => ChatCompletion.Create(key.Name, key.Events),
        _ => throw new ArgumentException($"There is no workload {key.Name}."),
    });
}
