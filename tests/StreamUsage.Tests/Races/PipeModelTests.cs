using System.Buffers;
using System.IO.Pipelines;
using CsCheck;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Races;

/// <summary>Whatever is done with a tracked pipe, in whatever order, gives what the plain pipe gives; and one
/// record.</summary>
public sealed class PipeModelTests
{
    private static readonly byte[] Body = Answers.ClaudeBytes;

    private enum Call
    {
        Read,
        ReadAtLeast,
        TryRead,
        Advance,
        AdvanceAndExamineAll,
        CancelPendingRead,
        ReadCancelled,
        Complete,
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_tracked_pipe_does_what_the_plain_one_does(bool breaks, bool drains)
    {
        // Completing is rare: most sequences should live a while. It leaves the rest to be drained.
        Gen<Call> call = Gen.Int[0, 99].Select(number => (Call)(number < 3 && !drains ? (int)Call.Complete : number % (int)Call.Complete));
        await Gen.Select(call, Gen.Int[0, 300]).Array[1, 40].SampleAsync(
            async operations =>
            {
                var sink = new RecordingSink();
                await using var tracker = new UsageTracker(
                    sink, new StreamUsageOptions { DrainAbortedStreams = drains ? new DrainLimits() : null });
                using var plainBody = new ModelStream(Body, canSeek: false, breaks);
                using var inner = new ModelStream(Body, canSeek: false, breaks);
                var plain = new Reader(PipeReader.Create(plainBody));
                var tracked = new Reader(tracker.Track(PipeReader.Create(inner), Track.Nothing, out UsageTracking tracking));
                var said = new List<string>();
                foreach ((Call what, int number) in operations)
                {
                    if (drains && plain.IsShown && what <= Call.TryRead)
                    {
                        continue; // To read again without advancing is not for all pipes.
                    }

                    string expected = await plain.DoAsync(what, number);
                    string actual = await tracked.DoAsync(what, number);
                    said.Add($"{what}({number}): {expected}");
                    if (actual != expected)
                    {
                        Assert.Fail($"{string.Join('\n', said)}\nbut the tracked pipe said {actual}");
                    }
                }

                await tracked.DoAsync(Call.Complete, 0);
                UsageRecord record = await tracking.Completion;
                sink.Records.Should().Equal(record);
            },
            iter: 600,
            threads: 1);
    }

    private sealed class Reader(PipeReader pipe)
    {
        private ReadResult? _shown;

        public bool IsShown => _shown is not null;

        public async Task<string> DoAsync(Call call, int number)
        {
            try
            {
                switch (call)
                {
                    case Call.Read:
                        return Said(await pipe.ReadAsync());
                    case Call.ReadAtLeast:
                        return Said(await pipe.ReadAtLeastAsync(number));
                    case Call.ReadCancelled:
                        return Said(await pipe.ReadAsync(new CancellationToken(canceled: true)));
                    case Call.TryRead:
                        return pipe.TryRead(out ReadResult result) ? Said(result) : "nothing";
                    case Call.Advance or Call.AdvanceAndExamineAll when _shown is { } shown:
                        _shown = null;
                        SequencePosition consumed = shown.Buffer.GetPosition(Math.Min(number, shown.Buffer.Length));
                        pipe.AdvanceTo(consumed, call == Call.Advance ? consumed : shown.Buffer.End);
                        return "advanced";
                    case Call.CancelPendingRead:
                        pipe.CancelPendingRead();
                        return "cancelled";
                    case Call.Complete:
                        await pipe.CompleteAsync();
                        return "completed";
                    default:
                        return "";
                }
            }
            catch (Exception fault)
            {
                return fault.GetType().Name;
            }
        }

        private string Said(ReadResult result)
        {
            _shown = result;
            return $"{result.IsCanceled} {result.IsCompleted} {Convert.ToHexString(result.Buffer.ToArray())}";
        }
    }
}
