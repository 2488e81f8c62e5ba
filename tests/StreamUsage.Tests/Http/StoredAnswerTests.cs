using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Recording.Stored;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>A stored answer is billed once, whoever fetches it and however often.</summary>
public sealed class StoredAnswerTests
{
    private const string Usage = """{"input_tokens":40,"output_tokens":9,"total_tokens":49}""";

    private const string Queued =
        """{"id":"resp_1","object":"response","status":"queued","background":true,"model":"gpt-5","output":[],"usage":null}""";

    private const string Finished =
        $$"""{"id":"resp_1","object":"response","status":"completed","model":"gpt-5","output":[],"usage":{{Usage}}}""";

    private const string Failed =
        """{"id":"resp_1","object":"response","status":"failed","model":"m","error":{"code":"server_error","message":"no"},"usage":null}""";

    private const string Cancelled =
        """{"id":"resp_1","object":"response","status":"cancelled","model":"gpt-5","output":[],"usage":null}""";

    private static readonly string FinishedStream =
        $$"""
        event: response.completed
        data: {"type":"response.completed","sequence_number":7,"response":{{Finished}}}


        """.ReplaceLineEndings("\n");

    [Fact]
    public async Task Ten_polls_of_a_finished_background_answer_from_four_connections_make_one_billed_record()
    {
        await using var provider = await Provider.StartAsync(Queued);
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        HttpClient[] clients = [.. Enumerable.Range(0, 4).Select(_ => Client(tracker))];
        using (UsageScope.Begin(new UsageContext { UserId = "who asked" }))
        {
            await ReadAsync(clients[0], HttpMethod.Post, provider.Responses);
        }

        provider.Answer = Finished;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => ReadAsync(clients[i % 4], HttpMethod.Get, provider.Response)));
        await tracker.DisposeAsync();

        sink.Records.Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.Completed]);
        UsageRecord billed = sink.Records.Single(IsBilled);
        (billed.Usage.InputTokens, billed.Usage.OutputTokens).Should().Be((40, 9));
        billed.Context.UserId.Should().Be("who asked");
        sink.Starts.Should().ContainSingle("a fetch may have no record");
    }

    [Fact]
    public async Task A_fetch_of_an_answer_that_was_not_pending_here_makes_no_record()
    {
        await using var provider = await Provider.StartAsync(Finished);
        (await RecordsAsync(provider, (HttpMethod.Get, provider.Response, Finished))).Should().BeEmpty();
    }

    [Fact]
    public async Task An_answer_that_was_finished_at_once_is_billed_by_its_creation_alone()
    {
        await using var provider = await Provider.StartAsync(Finished);
        (await RecordsAsync(provider, (HttpMethod.Post, provider.Responses, Finished), (HttpMethod.Get, provider.Response, Finished)))
            .Should().ContainSingle().Which.Usage.OutputTokens.Should().Be(9);
    }

    [Fact]
    public async Task A_fetch_that_shows_it_still_pending_makes_no_record()
    {
        await using var provider = await Provider.StartAsync(Queued);
        (await RecordsAsync(provider, (HttpMethod.Post, provider.Responses, Queued), (HttpMethod.Get, provider.Response, Queued)))
            .Should().ContainSingle().Which.Outcome.Should().Be(StreamOutcome.Pending);
    }

    [Fact]
    public async Task A_streamed_fetch_bills_it_and_a_second_one_does_not()
    {
        await using var provider = await Provider.StartAsync(Queued);
        Uri resumed = new(provider.Response + "?stream=true&starting_after=6");

        IEnumerable<UsageRecord> records = await RecordsAsync(
            provider,
            (HttpMethod.Post, provider.Responses, Queued),
            (HttpMethod.Get, resumed, FinishedStream),
            (HttpMethod.Get, resumed, FinishedStream));

        records.Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.Completed]);
        records.Single(IsBilled).Usage.OutputTokens.Should().Be(9);
    }

    [Fact]
    public async Task A_fetch_whose_body_breaks_leaves_it_to_a_later_one()
    {
        await using var provider = await Provider.StartAsync(Queued);

        IEnumerable<UsageRecord> records = await RecordsAsync(
            provider,
            (HttpMethod.Post, provider.Responses, Queued),
            (HttpMethod.Get, provider.Response, Finished[..^30] + Provider.Break),
            (HttpMethod.Get, provider.Response, Finished));

        records.Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.Completed]);
    }

    [Fact]
    public async Task A_refused_fetch_leaves_it_to_a_later_one()
    {
        await using var provider = await Provider.StartAsync(Queued);

        IEnumerable<UsageRecord> records = await RecordsAsync(
            provider,
            (HttpMethod.Post, provider.Responses, Queued),
            (HttpMethod.Get, provider.Response, """{"error":{"message":"slow down","code":429}}"""),
            (HttpMethod.Get, provider.Response, Finished));

        records.Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.Completed]);
    }

    [Fact]
    public async Task A_failed_answer_has_its_record_too()
    {
        await using var provider = await Provider.StartAsync(Queued);
        (await RecordsAsync(provider, (HttpMethod.Post, provider.Responses, Queued), (HttpMethod.Get, provider.Response, Failed)))
            .Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.ProviderError]);
    }

    [Fact]
    public async Task A_cancel_shows_the_end_and_a_fetch_after_it_makes_no_record()
    {
        await using var provider = await Provider.StartAsync(Queued);

        IEnumerable<UsageRecord> records = await RecordsAsync(
            provider,
            (HttpMethod.Post, provider.Responses, Queued),
            (HttpMethod.Post, new Uri(provider.Response + "/cancel"), Cancelled),
            (HttpMethod.Get, provider.Response, Cancelled));

        records.Should().HaveCount(2);
        records.Single(IsBilled).StopReason.Should().Be("cancelled");
    }

    [Fact]
    public async Task An_interaction_without_an_id_is_known_by_the_path_that_fetches_it()
    {
        await using var provider = await Provider.StartAsync("");
        Uri interactions = provider.Server.At("v1beta/interactions");

        IEnumerable<UsageRecord> records = await RecordsAsync(
            provider,
            (HttpMethod.Post, interactions, """{"id":"a/b","object":"interaction","status":"in_progress","model":"m"}"""),
            (HttpMethod.Get, new Uri(interactions + "/a%2Fb"), """{"id":"","object":"interaction","status":"completed","model":"m"}"""));

        records.Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.Completed]);
    }

    [Fact]
    public async Task Two_processes_share_what_is_pending()
    {
        await using var provider = await Provider.StartAsync(Queued);
        var shared = new ConcurrentDictionary<string, string>();
        StreamUsageOptions options = new StreamUsageOptions().SharePendingAnswers(
            async (id, context, token) =>
            {
                await Task.Yield();
                shared[id] = JsonSerializer.Serialize(context);
            },
            async (id, token) =>
            {
                await Task.Yield();
                return shared.TryRemove(id, out string? context) ? JsonSerializer.Deserialize<UsageContext>(context) : null;
            });
        var sink = new RecordingSink();
        UsageTracker first = new(sink, options), second = new(new CallbackUsageSink(sink.RecordAsync), options);
        var asked = new UsageContext { UserId = "who asked", Tags = new Dictionary<string, string> { ["tenant"] = "7" } };
        using (UsageScope.Begin(asked))
        {
            await ReadAsync(Client(first), HttpMethod.Post, provider.Responses);
        }

        await first.DisposeAsync();
        provider.Answer = Finished;

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ReadAsync(Client(second), HttpMethod.Get, provider.Response)));
        await second.DisposeAsync();

        sink.Records.Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.Completed]);
        shared.Should().BeEmpty();
        UsageContext billed = sink.Records.Single(IsBilled).Context;
        (billed.UserId, billed.ApiFormat, billed.Tags!["tenant"]).Should().Be(("who asked", ApiFormat.OpenAI, "7"));
    }

    [Fact]
    public async Task What_the_shared_memory_does_not_take_is_remembered_here()
    {
        await using var provider = await Provider.StartAsync(Queued);
        var log = new RecordingLog();
        StreamUsageOptions options = new StreamUsageOptions().SharePendingAnswers(
            (_, _, _) => throw new InvalidOperationException("down"), (_, _) => throw new InvalidOperationException("down"));

        IEnumerable<UsageRecord> records = await RecordsAsync(
            provider, options, log, (HttpMethod.Post, provider.Responses, Queued), (HttpMethod.Get, provider.Response, Finished));

        records.Should().HaveCount(2);
        log.Lines.Should().Contain(line => line.EventId == 17);
    }

    [Fact]
    public async Task A_shared_memory_that_hangs_delays_no_reader_and_no_record_for_ever()
    {
        await using var provider = await Provider.StartAsync(Queued);
        var never = new TaskCompletionSource<UsageContext?>();
        StreamUsageOptions options = new StreamUsageOptions()
            .SharePendingAnswers((_, _, _) => new ValueTask(never.Task), (_, _) => new ValueTask<UsageContext?>(never.Task));

        var sink = new RecordingSink();
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var tracker = new UsageTracker(sink, options, log, time);

        await ReadAsync(Client(tracker), HttpMethod.Post, provider.Responses);
        provider.Answer = Finished;
        await ReadAsync(Client(tracker), HttpMethod.Get, provider.Response);
        await PassUntilLateAsync(time, log);

        SpinWait.SpinUntil(() => sink.Records.Count == 2, TimeSpan.FromSeconds(30)).Should().BeTrue();
    }

    [Fact]
    public async Task An_answer_that_the_shared_memory_takes_too_late_is_billed_once()
    {
        await using var provider = await Provider.StartAsync(Queued);
        var isAdded = new TaskCompletionSource();
        int left = 1;
        StreamUsageOptions options = new StreamUsageOptions().SharePendingAnswers(
            (_, _, _) => new ValueTask(isAdded.Task),
            (_, _) => new ValueTask<UsageContext?>(Interlocked.Decrement(ref left) == 0 ? new UsageContext() : null));

        var sink = new RecordingSink();
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        await using var tracker = new UsageTracker(sink, options, log, time);
        using HttpClient client = Client(tracker);

        await ReadAsync(client, HttpMethod.Post, provider.Responses);
        await PassUntilLateAsync(time, log);
        await tracker.FlushAsync(TestContext.Current.CancellationToken);
        provider.Answer = Finished;
        for (int i = 0; i < 2; i++)
        {
            await ReadAsync(client, HttpMethod.Get, provider.Response);
            await tracker.FlushAsync(TestContext.Current.CancellationToken);
        }

        sink.Records.Should().ContainSingle(record => IsBilled(record));
        SpinWait.SpinUntil(() => Volatile.Read(ref left) == 0, TimeSpan.FromMinutes(2))
            .Should().BeTrue("another process must not bill it either");
        isAdded.SetResult();
    }

    [Fact]
    public async Task Answers_that_are_billed_push_none_out_of_the_memory()
    {
        var memory = new PendingAnswersInMemory(new FakeTimeProvider());
        await memory.AddAsync("pending", new UsageContext(), CancellationToken.None);
        for (int i = 0; i < PendingAnswersInMemory.MaxAnswers; i++)
        {
            await memory.AddAsync($"{i}", new UsageContext(), CancellationToken.None);
            await memory.TryClaimAsync($"{i}", CancellationToken.None);
        }

        (await memory.TryClaimAsync("pending", CancellationToken.None)).Should().NotBeNull();
    }

    [Fact]
    public async Task The_handle_of_a_fetch_without_a_record_is_cancelled()
    {
        await using var provider = await Provider.StartAsync(Finished);
        await using var tracker = new UsageTracker(new RecordingSink());
        using HttpClient client = Client(tracker);
        using HttpResponseMessage response = await client.GetAsync(provider.Response, TestContext.Current.CancellationToken);

        UsageTracking tracking = response.TrackUsage(tracker, new UsageContext());

        await tracking.Awaiting(t => t.Completion).Should().ThrowAsync<OperationCanceledException>();
        await tracking.Awaiting(t => t.Delivery).Should().ThrowAsync<OperationCanceledException>();
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task The_memory_keeps_the_latest_answers_for_a_day()
    {
        var time = new FakeTimeProvider();
        var memory = new PendingAnswersInMemory(time);
        for (int i = 0; i < PendingAnswersInMemory.MaxAnswers + 1; i++)
        {
            await memory.AddAsync($"{i}", new UsageContext(), CancellationToken.None);
        }

        memory.Count.Should().Be(PendingAnswersInMemory.MaxAnswers);
        (await memory.TryClaimAsync("0", CancellationToken.None)).Should().BeNull();
        (await memory.TryClaimAsync("1", CancellationToken.None)).Should().NotBeNull();
        time.Advance(PendingAnswersInMemory.MaxAge + TimeSpan.FromSeconds(1));
        (await memory.TryClaimAsync("2", CancellationToken.None)).Should().BeNull();
        memory.Count.Should().Be(0);
    }

    private static Task<IEnumerable<UsageRecord>> RecordsAsync(
        Provider provider, params (HttpMethod Method, Uri Uri, string Answer)[] calls) =>
        RecordsAsync(provider, new StreamUsageOptions(), null, calls);

    private static async Task<IEnumerable<UsageRecord>> RecordsAsync(
        Provider provider, StreamUsageOptions options, RecordingLog? log, params (HttpMethod Method, Uri Uri, string Answer)[] calls)
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, options, log);
        using HttpClient client = Client(tracker);
        foreach ((HttpMethod method, Uri uri, string answer) in calls)
        {
            provider.Answer = answer;
            await ReadAsync(client, method, uri);
        }

        await tracker.DisposeAsync();
        return sink.Records;
    }

    // Lets the time limit of the shared memory pass, and not that of the sink, whose calls follow.
    private static Task PassUntilLateAsync(FakeTimeProvider time, RecordingLog log) =>
        Streams.PassUntil(time, new StreamUsageOptions().SinkTimeout / 4, () => log.Lines.Any(line => line.EventId == 17));

    private static bool IsBilled(UsageRecord record) => record.Outcome == StreamOutcome.Completed;

    private static HttpClient Client(UsageTracker tracker) => new(new UsageTrackingHandler(tracker, new SocketsHttpHandler()));

    private static async Task ReadAsync(HttpClient client, HttpMethod method, Uri uri)
    {
        using var request = new HttpRequestMessage(method, uri);
        if (method == HttpMethod.Post)
        {
            request.Content = new StringContent("""{"model":"gpt-5","input":"hi","background":true}""", null, "application/json");
        }

        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        try
        {
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            // The body broke, as the test asked for.
        }
    }

    private sealed class Provider : IAsyncDisposable
    {
        /// <summary>At the end of an answer: it ends before its length.</summary>
        public const string Break = "<break>";

        private Provider(string answer) => Answer = answer;

        public string Answer { get; set; }

        public LoopbackServer Server { get; private set; } = null!;

        public Uri Responses => Server.At("v1/responses");

        public Uri Response => Server.At("v1/responses/resp_1");

        public static async Task<Provider> StartAsync(string answer)
        {
            var provider = new Provider(answer);
            provider.Server = await LoopbackServer.StartAsync(provider.ServeAsync);
            return provider;
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();

        private async Task ServeAsync(HttpContext context)
        {
            bool breaks = Answer.EndsWith(Break, StringComparison.Ordinal);
            string answer = breaks ? Answer[..^Break.Length] : Answer;
            context.Response.StatusCode = answer.Contains("\"code\":429", StringComparison.Ordinal) ? 429 : 200;
            context.Response.ContentType = answer.StartsWith('{') ? "application/json" : "text/event-stream";
            context.Response.ContentLength = answer.Length + (breaks ? 1 : 0);
            await LoopbackProvider.WriteAsync(context, answer);
        }
    }
}
