using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>What a stream costs that is not by the event: what is allocated for all of it, and what it holds while it is open.</summary>
internal static class StreamCost
{
    private const int ShortStreamEvents = 50, OpenStreams = 10_000;

    public static void Run()
    {
        Workload[] workloads =
        [
            ClaudeText.Create("claude", EnglishText.NextPhrase, ShortStreamEvents),
            ChatCompletion.Create("chat", ShortStreamEvents),
            OpenAIResponse.Create("responses", ShortStreamEvents),
        ];

        // Everything is compiled before it counts.
        StreamAllocation.Measure(workloads[0], ReadSize.All[0], CapturedContent.Headers);
        StreamAllocation.Measure(workloads[0], ReadSize.All[0], null);

        Console.WriteLine($"Allocated a whole tracked stream of {ShortStreamEvents} events, over the same stream untracked (bytes)");
        Console.WriteLine($"  {"",-12}{"headers",-10}{"reads",-8}{"TrackUsage",12}{"reading",12}{"elsewhere",12}{"in all",12}{"untracked",12}{"us",10}");
        foreach (Workload workload in workloads)
        {
            foreach (CapturedContent capture in (CapturedContent[])[CapturedContent.None, CapturedContent.Headers])
            {
                foreach (ReadSize readSize in ReadSize.All)
                {
                    StreamAllocation.Result untracked = StreamAllocation.Measure(workload, readSize, null);
                    StreamAllocation.Result tracked = StreamAllocation.Measure(workload, readSize, capture);
                    double track = tracked.Tracking - untracked.Tracking, read = tracked.Reading - untracked.Reading, all = tracked.Total - untracked.Total;
                    Console.WriteLine(
                        $"  {workload.Name,-12}{(capture == CapturedContent.None ? "off" : "on"),-10}{readSize.Name,-8}{track,12:N0}{read,12:N0}{all - track - read,12:N0}{all,12:N0}{untracked.Total,12:N0}{tracked.Microseconds - untracked.Microseconds,10:F1}");
                }
            }
        }

        StreamAllocation.Result told = StreamAllocation.Measure(workloads[0], ReadSize.All[0], CapturedContent.None, takesStarts: true);
        StreamAllocation.Result notTold = StreamAllocation.Measure(workloads[0], ReadSize.All[0], CapturedContent.None);
        Console.WriteLine($"  A sink that is told of the beginning too: {told.Total - notTold.Total:N0} more");

        Console.WriteLine();
        ReportingCost.Run(workloads[0]);

        Console.WriteLine();
        Console.WriteLine($"Live memory of {OpenStreams:N0} open streams that wait (bytes a stream, headers not kept)");
        Console.WriteLine($"  {"",-44}{"untracked",12}{"tracked",12}{"more",12}");
        foreach (IdleMemory.Situation situation in Enum.GetValues<IdleMemory.Situation>())
        {
            double untracked = IdleMemory.Measure(workloads[0], situation, OpenStreams, isTracked: false);
            double tracked = IdleMemory.Measure(workloads[0], situation, OpenStreams, isTracked: true);
            Console.WriteLine($"  {IdleMemory.Describe(situation),-44}{untracked,12:N0}{tracked,12:N0}{tracked - untracked,12:N0}");
        }
    }
}
