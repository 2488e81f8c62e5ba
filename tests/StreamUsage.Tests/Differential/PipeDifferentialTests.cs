using System.Buffers;
using System.IO.Pipelines;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Differential;

/// <summary>Whatever a pipe reader is asked, the tracked one says what the untracked one says.</summary>
public sealed class PipeDifferentialTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    public static TheoryData<string, PipeSource, bool> Rows { get; } = MakeRows();

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_tracked_pipe_says_what_the_untracked_one_says(string name, PipeSource source, bool drains)
    {
        string expected = await RunAsync(name, source, null, drains);

        string actual = await RunAsync(name, source,
            new UsageTracker(new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = drains ? new DrainLimits() : null }),
            drains);

        actual.Should().Be(expected);
    }

    private static TheoryData<string, PipeSource, bool> MakeRows()
    {
        var rows = new TheoryData<string, PipeSource, bool>();
        foreach (string name in PipeCases.All.Keys)
        {
            foreach (PipeSource source in Enum.GetValues<PipeSource>())
            {
                if (name == "advance wrongly" && source == PipeSource.Sequence)
                {
                    continue; // It takes any position, and breaks.
                }

                rows.Add(name, source, false);

                // Without draining, the caller's cancellation closes an HTTP/1.1 connection; with it, it does not.
                if (name != "cancelled during a read" || source != PipeSource.Http1)
                {
                    rows.Add(name, source, true);
                }
            }
        }

        return rows;
    }

    private async Task<string> RunAsync(string name, PipeSource source, UsageTracker? tracker, bool drains)
    {
        await using Body body = await Body.OpenAsync(
            source switch
            {
                PipeSource.Socket => Source.Socket,
                PipeSource.Http1 => Source.Http1,
                PipeSource.Http2 => Source.Http2,
                _ => Source.Memory,
            },
            provider);
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Body.Bytes.AsMemory(0, Body.FirstLength));
        PipeReader reader = source switch
        {
            PipeSource.Pipe => pipe.Reader,
            PipeSource.Sequence => PipeReader.Create(new ReadOnlySequence<byte>(Body.Bytes)),
            _ => PipeReader.Create(body.Response is { } response
                ? await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken) : body.Stream),
        };
        body.Stream = Stream.Null; // The pipe's to dispose.
        UsageTracking? tracking = null;
        if (tracker is not null)
        {
            reader = tracker.Track(reader, Track.Nothing, out tracking);
        }

        var transcript = new Transcript(drains);
        await PipeCases.All[name](reader, SendRest, transcript);
        await reader.CompleteAsync();
        if (tracking is not null)
        {
            body.SendRest();
            await pipe.Writer.CompleteAsync();
            await tracking.Completion; // What is drained is not to be closed meanwhile.
        }

        return transcript.ToString();

        void SendRest()
        {
            body.SendRest();
            pipe.Writer.Write(Body.Bytes.AsSpan(Body.FirstLength));
            pipe.Writer.Complete();
        }
    }
}
