using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using StreamUsage.Estimation;
using StreamUsage.PassThrough;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Bounds;

/// <summary>A request's body is held for no longer than its input may have to be estimated, and a copy of it counts
/// against MaxRetainedBytes.</summary>
[Collection(AloneCollection.Name)]
public sealed class RequestBodyTests
{
    private const int MiB = 1024 * 1024;

    private static readonly byte[] Request =
        Encoding.UTF8.GetBytes($$"""{"model":"claude-x","messages":[{"role":"user","content":"{{new string('x', 20_000)}}"}]}""");

    [Fact]
    public async Task A_hundred_open_requests_hold_at_most_twice_the_limit()
    {
        const int Requests = 100, Limit = 8 * MiB, Length = 4 * MiB;
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { MaxRetainedBytes = Limit, Estimator = new CharacterTokenEstimator() });
        using HttpClient client = Client(tracker, new Provider());
        byte[] body = Encoding.UTF8.GetBytes(new string('x', Length));
        (await SendAsync(client, body)).Dispose(); // What is made once stays.
        var responses = new HttpResponseMessage[Requests];
        long before = Live();
        for (int i = 0; i < Requests; i++)
        {
            responses[i] = await SendAsync(client, body);
        }

        long live = Live() - before;
        live.Should().BeLessThan(2 * Limit);
        tracker.Budget.Taken.Should().BeInRange(Length, Limit, "requests use the budget up to its limit");
        foreach (HttpResponseMessage response in responses)
        {
            response.Dispose();
        }

        await Task.WhenAll(responses.Select(response => Tracking(response).Completion));
        tracker.Budget.Taken.Should().Be(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_the_budget_refuses_is_estimated_by_its_size(bool isMeasured)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MaxRetainedBytes = 0 });
        using HttpClient client = Client(tracker, new Provider(Answers.ChatText));

        using HttpResponseMessage response = await SendAsync(client, Request, isMeasured);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        UsageRecord record = await Tracking(response).Completion;
        (record.Context.Model, record.InputSource, record.Usage.InputTokens)
            .Should().Be(("claude-x", TokenSource.Estimated, Request.Length / 4));
    }

    [Fact]
    public async Task A_copy_is_let_go_as_soon_as_the_input_is_reported()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        using HttpClient client = Client(tracker, new Provider(Answers.ClaudeStart, staysOpen: true));
        using HttpResponseMessage response = await SendAsync(client, Request);
        tracker.Budget.Taken.Should().Be(Request.Length);

        Stream stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        _ = await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken);

        SpinWait.SpinUntil(() => tracker.Budget.Taken == 0, TimeSpan.FromSeconds(30))
            .Should().BeTrue("its start is described off the reader's thread");
        Tracking(response).Completion.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_copy_is_let_go_once_it_was_estimated()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), Track.ByCharacters);
        using HttpClient client = Client(tracker, new Provider(Answers.ChatText));
        using HttpResponseMessage response = await SendAsync(client, Request);

        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        (await Tracking(response).Completion).Usage.InputTokens.Should().Be(Request.Length / 4);
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task A_copy_that_is_captured_is_held_until_the_record_is_made()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Capture = CapturedContent.RequestBody });
        using HttpClient client = Client(tracker, new Provider(Answers.Claude));
        using HttpResponseMessage response = await SendAsync(client, Request);

        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        (await Tracking(response).Completion).Context.RequestBody.ToArray().Should().Equal(Request);
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task A_request_that_is_sent_again_is_counted_once()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        using HttpClient client = Client(tracker, new Provider(Answers.Claude) { Sends = 3 });

        using HttpResponseMessage response = await SendAsync(client, Request);

        tracker.Budget.Taken.Should().Be(Request.Length);
    }

    [Fact]
    public async Task A_request_that_fails_takes_nothing_of_the_budget()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        using HttpClient client = Client(tracker, new Provider { Fault = new HttpRequestException("refused") });

        await client.Awaiting(c => SendAsync(c, Request)).Should().ThrowAsync<HttpRequestException>();

        await tracker.DisposeAsync();
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task A_response_that_switches_protocols_takes_nothing_of_the_budget()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        using HttpClient client = Client(tracker, new Provider { Status = HttpStatusCode.SwitchingProtocols });

        using HttpResponseMessage response = await SendAsync(client, Request);

        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task A_response_that_is_tracked_already_gives_the_second_copy_back()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        using HttpClient client = Client(tracker, new Provider(Answers.Claude) { Tracker = tracker });

        using HttpResponseMessage response = await SendAsync(client, Request);
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await tracker.FlushAsync(TestContext.Current.CancellationToken);

        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task The_callers_memory_is_let_go_as_soon_as_the_input_is_reported()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        (WeakReference memory, Stream stream, UsageTracking tracking) = TrackOwnMemory(tracker, Answers.ClaudeStart);

        _ = await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken);

        SpinWait.SpinUntil(() => IsGone(memory), TimeSpan.FromSeconds(30)).Should().BeTrue();
        tracking.Completion.IsCompleted.Should().BeFalse();
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task The_callers_memory_is_let_go_by_a_handle_that_outlives_the_record()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), Track.ByCharacters);
        (WeakReference memory, Stream stream, UsageTracking tracking) = TrackOwnMemory(tracker, Answers.ChatText);

        await stream.DisposeAsync();

        (await tracking.Completion).InputSource.Should().Be(TokenSource.Estimated);
        SpinWait.SpinUntil(() => IsGone(memory), TimeSpan.FromSeconds(30))
            .Should().BeTrue("the thread that estimated it has left it as well, or will");
        GC.KeepAlive(tracking);
    }

    [Fact]
    public async Task The_callers_memory_over_the_limit_is_never_held()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MaxRequestBodyBytes = 100 });
        (WeakReference memory, Stream stream, UsageTracking tracking) = TrackOwnMemory(tracker, Answers.ChatText);

        GC.Collect();
        memory.IsAlive.Should().BeFalse();
        await stream.DisposeAsync();
        (await tracking.Completion).Usage.InputTokens.Should().Be(10_000 / 4);
    }

    [Fact]
    public async Task A_captured_request_over_the_limit_is_estimated_by_its_size()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions
        {
            MaxRequestBodyBytes = 100,
            Capture = CapturedContent.RequestBody,
        });
        (_, Stream stream, UsageTracking tracking) = TrackOwnMemory(tracker, Answers.ChatText);

        await stream.DisposeAsync();

        (await tracking.Completion).Usage.InputTokens.Should().Be(10_000 / 4);
    }

    private static bool IsGone(WeakReference memory)
    {
        GC.Collect();
        return !memory.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Memory, Stream Stream, UsageTracking Tracking) TrackOwnMemory(UsageTracker tracker, string answer)
    {
        byte[] memory = new byte[10_000];
        memory.AsSpan().Fill((byte)' ');
        Stream stream = tracker.Track(new PiecewiseStream(Answers.Bytes(answer + answer), answer.Length),
            new UsageContext { RequestBody = memory }, out UsageTracking tracking);
        return (new WeakReference(memory), stream, tracking);
    }

    private static HttpClient Client(UsageTracker tracker, Provider provider) =>
        new(new UsageTrackingHandler(tracker) { InnerHandler = provider });

    private static UsageTracking Tracking(HttpResponseMessage response) => ((TrackedContent)response.Content).Tracking;

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, byte[] body, bool isMeasured = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            "https://host/v1/messages")
        { Content = isMeasured ? new ByteArrayContent(body) : new UnmeasuredContent(body) };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Takes a request in, as often as it is told, and answers.</summary>
    private sealed class Provider(string answer = "", bool staysOpen = false) : HttpMessageHandler
    {
        public int Sends { get; init; } = 1;

        public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

        public Exception? Fault { get; init; }

        /// <summary>Tracks the response before it is returned.</summary>
        public UsageTracker? Tracker { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            for (int i = 0; i < Sends; i++)
            {
                await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            }

            if (Fault is not null)
            {
                throw Fault;
            }

            byte[] body = Answers.Bytes(staysOpen ? answer + answer : answer);
            HttpResponseMessage response = Track.Response(new PiecewiseStream(body, Math.Max(1, answer.Length)), Status);
            if (Tracker is not null)
            {
                response.TrackUsage(Tracker, Track.Nothing);
            }

            return response;
        }
    }

    private sealed class UnmeasuredContent(byte[] body) : HttpContent
    {
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (int sent = 0; sent < body.Length; sent += 3000)
            {
                await stream.WriteAsync(body.AsMemory(sent, Math.Min(3000, body.Length - sent)));
            }
        }
    }
}
