using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>What a stream costs that is not by the event: what is allocated for all of it, and what it holds while it
/// is open.</summary>
internal static class StreamCost
{
    private const int ShortStreamEvents = 50, OpenStreams = 10_000;

    // What a stream may allocate where headers are not kept.
    private const double AllowedBytes = 3_072;

    /// <returns>0 where every workload is within the allowed bytes, but for what else the process does meanwhile, else
    /// 1.</returns>
    public static int Run()
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

        Console.WriteLine(
            $"Allocated a whole tracked stream of {ShortStreamEvents} events, over the same stream untracked (bytes; measured precisely)");
        Console.WriteLine($"  {"",-12}{"headers",-10}{"reads",-8}{"TrackUsage",12}{"reading",10}{"record",10}{"delivery",10}"
            + $"{"in all",10}{"with response",15}{"us",8}");
        double most = 0;
        foreach (Workload workload in workloads)
        {
            double least = double.MaxValue;
            foreach (CapturedContent capture in (CapturedContent[])[CapturedContent.None, CapturedContent.Headers])
            {
                foreach (ReadSize readSize in ReadSize.All)
                {
                    StreamAllocation.Result untracked = StreamAllocation.Measure(workload, readSize, null);
                    StreamAllocation.Result tracked = StreamAllocation.Measure(workload, readSize, capture);
                    StreamAllocation.Result more = tracked.Over(untracked);
                    least = capture == CapturedContent.None ? Math.Min(least, more.Total) : least;
                    Console.WriteLine(
                        $"  {workload.Name,-12}{(capture == CapturedContent.None ? "off" : "on"),-10}{readSize.Name,-8}"
                        + $"{more.Tracking,12:N0}{more.Reading,10:N0}{more.Record,10:N0}{more.Delivery,10:N0}{more.Total,10:N0}"
                        + $"{tracked.Total + tracked.Response,15:N0}{more.Microseconds,8:F1}");
                }
            }

            most = Math.Max(most, least);
        }

        Console.WriteLine($"  allowed where headers are not kept: {AllowedBytes:N0}, the most in the best of its reads: {most:N0}");

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

        return most <= AllowedBytes ? 0 : 1;
    }
}
