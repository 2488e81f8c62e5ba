using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using FluentAssertions.Execution;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Faults;

/// <summary>
/// Each collaborator fails at each of its calls in turn, by throwing and (off the byte path) by hanging, once or from
/// then on: the reader sees the plain stream's bytes at the plain stream's reads, no exception, and there is one
/// record, or one log line that says why not.
/// </summary>
public sealed class FaultInjectionTests
{
    private const int MaxSteps = 40;
    private const int MaxBody = 8 * 1024;

    private static readonly UsageContext Context = new() { ApiFormat = ApiFormat.Claude, RequestBody = new byte[400] };

    // A parser runs on the byte path; of a logger and a listener the docs say that they must not block.
    private static readonly Collaborator[] NeverHangs =
        [Collaborator.ParserProtocol, Collaborator.ParserMatch, Collaborator.ParserApply, Collaborator.Logger, Collaborator.Meter];

    public static TheoryData<Collaborator, bool, bool> Faults()
    {
        var data = new TheoryData<Collaborator, bool, bool>();
        foreach (Collaborator failing in Enum.GetValues<Collaborator>().Except([Collaborator.None]))
        {
            data.Add(failing, false, false);
            data.Add(failing, false, true);

            if (!NeverHangs.Contains(failing))
            {
                data.Add(failing, true, false);
                data.Add(failing, true, true);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_collaborator_that_fails_at_any_step_is_never_felt(Collaborator failing, bool hangs, bool forGood)
    {
        int injected = 0;
        foreach (object[] script in Scripts())
        {
            List<string> plain = await ReadAsync(new ScriptedStream([.. script]));
            for (int step = 1; step <= MaxSteps; step++)
            {
                int faults = await CheckAsync(new FaultPlan(failing, step, hangs, forGood), failing, hangs, script, plain);
                injected += faults;
                if (faults == 0)
                {
                    break; // There is no such call any more.
                }
            }
        }

        injected.Should().BePositive("a fault that never happens proves nothing");
    }

    public static TheoryData<Collaborator, bool, bool> FaultsOfWrappers()
    {
        var data = new TheoryData<Collaborator, bool, bool>();
        foreach (Collaborator failing in Enum.GetValues<Collaborator>())
        {
            foreach (bool isPipe in new[] { true, false })
            {
                data.Add(failing, isPipe, true);
                data.Add(failing, isPipe, false);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(FaultsOfWrappers))]
    public async Task Nor_is_it_through_a_response_or_a_pipe_with_draining_and_a_queue(Collaborator failing, bool isPipe, bool leaves)
    {
        foreach (object[] script in Scripts().Take(3))
        {
            (List<string> plain, _) = await ReadWrappedAsync(new ScriptedStream([.. script]), isPipe, leaves, null);
            foreach (bool forGood in new[] { true, false })
            {
                for (int step = 1; step <= (failing == Collaborator.None ? 1 : MaxSteps); step++)
                {
                    using var plan = new FaultPlan(failing, step, hangs: false, forGood);
                    var time = new FakeTimeProvider();
                    UsageTracker tracker = plan.Tracker(time, drainsAndQueues: true);
                    using var scope = new AssertionScope($"{failing} fails at {step}");

                    (List<string> seen, UsageTracking? tracking) = await ReadWrappedAsync(
                        new ScriptedStream([.. script]), isPipe, leaves, tracker);
                    seen.Should().Equal(plain);
                    UsageRecord record = await tracking!.Completion.WaitAsync(TimeSpan.FromSeconds(30));
                    if (failing != Collaborator.SinkRecord)
                    {
                        SpinWait.SpinUntil(() => IsTold(plan), TimeSpan.FromSeconds(30));
                    }

                    // A queue's time: for a sink that is down, and for the stop.
                    Task stop = tracker.DisposeAsync().AsTask();
                    for (int i = 0; !stop.IsCompleted && i < 200_000; i++)
                    {
                        time.Advance(TimeSpan.FromSeconds(1));
                        await Task.Yield();
                    }

                    await stop.WaitAsync(TimeSpan.FromSeconds(30));
                    SpinWait.SpinUntil(() => IsTold(plan), TimeSpan.FromSeconds(30))
                        .Should().BeTrue("a record, or the line that says why not");
                    plan.Records.All(handed => handed == record).Should().BeTrue();
                    if (plan.Faults == 0)
                    {
                        break;
                    }
                }
            }
        }
    }

    [Fact]
    public async Task Without_a_fault_everything_is_told()
    {
        foreach (object[] script in Scripts())
        {
            using var plan = new FaultPlan(Collaborator.None, 0, false, false);
            await CheckAsync(plan, Collaborator.None, hangs: false, script, await ReadAsync(new ScriptedStream([.. script])));
            plan.Records.Single().Cost.Should().NotBeNull();
        }
    }

    // Whole, cut, broken and foreign bodies, in reads of all sizes, and what is recorded of Claude.
    private static IEnumerable<object[]> Scripts()
    {
        byte[] text = Encoding.UTF8.GetBytes(Answers.ClaudeStart + Answers.ClaudeText);
        yield return [Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeText + Answers.ClaudeDelta, Answers.ClaudeStop];
        yield return [text[..10], text[10..200], Task.CompletedTask, text[200..]];
        yield return [Answers.ClaudeText, new IOException("reset")];
        yield return [Answers.ChatText, Answers.ChatError, Answers.ChatDone];
        yield return [];
        foreach (RecordedStream stream in RecordedStream.All("anthropic-messages")
            .Where(stream => new FileInfo(stream.BodyPath).Length < MaxBody).Take(2))
        {
            yield return [.. stream.Body.Chunk(900)];
        }
    }

    private static async Task<int> CheckAsync(FaultPlan plan, Collaborator failing, bool hangs, object[] script, List<string> plain)
    {
        var time = new FakeTimeProvider();
        await using UsageTracker tracker = plan.Tracker(time);
        using var scope = new AssertionScope($"{failing} fails");

        // The reads happen while the collaborator hangs: nothing lets it go, and no time passes, before they have
        // ended.
        Stream tracked = tracker.Track(new ScriptedStream([.. script]), Context, out UsageTracking tracking);
        (await ReadAsync(tracked)).Should().Equal(plain);
        await tracked.DisposeAsync();
        if (!hangs || failing != Collaborator.Pricing)
        {
            FluentActions.Invoking(() => tracking.Current).Should().NotThrow(); // Prices on the caller's thread.
        }

        int late = 0;
        for (int i = 0; hangs && i < 1_000 && !SpinWait.SpinUntil(() => tracking.Completion.IsCompleted, TimeSpan.FromMilliseconds(200));
            i++)
        {
            // The limit passes for a call that hangs, and for none that is merely slow: once for each call of the sink,
            // whose limit is set before it begins; again and again for the others, whose limit may be set later.
            int faults = plan.Faults;
            if (faults > late)
            {
                time.Advance(FaultPlan.Limit);
                late = plan.IsOfSink ? faults : 0;
            }
        }

        UsageRecord record = await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30));
        if (!hangs)
        {
            await tracker.DisposeAsync(); // What is logged and counted follows.
            (plan.Records.Count + plan.Lines.Count(line => line == 3)).Should().Be(1, "a record, or the line that says why not");
            plan.Records.All(handed => handed == record).Should().BeTrue();
        }
        else
        {
            plan.Records.Should().HaveCountLessThanOrEqualTo(1);
            (await tracking.Delivery).Should().BeOneOf(DeliveryResult.Delivered, DeliveryResult.Failed);
        }

        record.BytesReceived.Should().Be(plain.Sum(read => read.StartsWith("read ", StringComparison.Ordinal) ? (read.Length - 5) / 2 : 0));
        plan.LetGo();
        await tracker.DisposeAsync();
        if (hangs)
        {
            // What time left behind comes to its end when it is let go, once.
            SpinWait.SpinUntil(() => plan.Records.Count == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
            plan.Records[0].Id.Should().Be(record.Id);
        }

        plan.Dispose();
        return plan.Faults;
    }

    // Through a response or a pipe, tracked or not; to the end, or so far as to leave in the middle.
    private static async Task<(List<string> Seen, UsageTracking? Tracking)> ReadWrappedAsync(
        ScriptedStream body, bool isPipe, bool leaves, UsageTracker? tracker)
    {
        int maxReads = leaves ? 1 : int.MaxValue;
        UsageTracking? tracking = null;
        if (isPipe)
        {
            var pipe = PipeReader.Create(body);
            return (await ReadAsync(tracker?.Track(pipe, Context, out tracking) ?? pipe, maxReads), tracking);
        }

        using HttpResponseMessage response = Track.Response(body);
        tracking = tracker is null ? null : response.TrackUsage(tracker, Context);
        return (await ReadAsync(await response.Content.ReadAsStreamAsync(), maxReads), tracking);
    }

    private static bool IsTold(FaultPlan plan) => plan.Records.Count != 0 || plan.Lines.Contains(3);

    private static async Task<List<string>> ReadAsync(PipeReader pipe, int maxReads)
    {
        var seen = new List<string>();
        try
        {
            ReadResult result;
            do
            {
                result = await pipe.ReadAsync();
                seen.Add("read " + Convert.ToHexString(result.Buffer.ToArray()));
                pipe.AdvanceTo(result.Buffer.GetPosition(result.Buffer.Length / 2), result.Buffer.End);
            }
            while (!result.IsCompleted && seen.Count < maxReads);
        }
        catch (IOException fault)
        {
            seen.Add(fault.Message);
        }

        await pipe.CompleteAsync();
        return seen;
    }

    private static async Task<List<string>> ReadAsync(Stream stream, int maxReads = int.MaxValue)
    {
        var seen = new List<string>();
        var buffer = new byte[500];
        try
        {
            int length;
            do
            {
                length = await stream.ReadAsync(buffer);
                seen.Add("read " + Convert.ToHexString(buffer, 0, length));
            }
            while (length != 0 && seen.Count < maxReads);
        }
        catch (IOException fault)
        {
            seen.Add(fault.Message);
        }

        return seen;
    }
}
