using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using StreamUsage.ClientTests.Support;
using StreamUsage.Tests.Linked;

namespace StreamUsage.ClientTests.Wrapped;

/// <summary>A chat client with <c>UseUsageTracking</c> over a client without HTTP.</summary>
public sealed class ScriptedClientTests : IAsyncDisposable
{
    private readonly ConcurrentQueue<UsageRecord> _records = new();
    private readonly UsageTracker _tracker;
    private readonly ScriptedChatClient _inner = new();

    public ScriptedClientTests() => _tracker = new UsageTracker(new CallbackUsageSink((record, _) =>
    {
        _records.Enqueue(record);
        return ValueTask.CompletedTask;
    }));

    public ValueTask DisposeAsync() => _tracker.DisposeAsync();

    [Fact]
    public async Task A_stream_passes_the_inner_updates_on()
    {
        _inner.Give(new TextContent("one")).Give(new TextContent("two"), Usage(10, 2));

        List<ChatResponseUpdate> updates = await ReadAsync(Wrap());

        updates.Should().Equal(_inner.Updates, ReferenceEquals);
    }

    [Fact]
    public async Task A_response_is_the_inner_one()
    {
        _inner.Give(new TextContent("one"), Usage(10, 2));

        ChatResponse response = await Wrap().GetResponseAsync("Hello", cancellationToken: Token);

        response.Text.Should().Be("one");
        UsageRecord record = await RecordAsync();
        record.Usage.Should().Be(new TokenUsage { InputTokens = 10, OutputTokens = 2 });
        record.Streamed.Should().BeFalse();
    }

    [Fact]
    public async Task A_stream_is_read_only_as_far_as_its_caller_reads()
    {
        _inner.Give(new TextContent("one")).Give(new TextContent("two")).Give(new TextContent("three"));

        await foreach (ChatResponseUpdate update in Wrap().GetStreamingResponseAsync("Hello", cancellationToken: Token))
        {
            _inner.EnumeratedUpdates.Should().Be(1);
            break;
        }

        _inner.EnumeratedUpdates.Should().Be(1);
        _inner.IsLeft.Should().BeTrue();
        (await RecordAsync()).Outcome.Should().Be(StreamOutcome.ClientAborted);
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_is_no_call()
    {
        _ = Wrap().GetStreamingResponseAsync("Hello", cancellationToken: Token);

        await _tracker.FlushAsync(Token);

        _records.Should().BeEmpty();
    }

    [Fact]
    public async Task The_record_tells_what_the_client_said()
    {
        _inner.Give(new TextReasoningContent("Hm.")).Give(new TextContent("Grüße"), Usage(10, 2));
        _inner.Updates[^1].FinishReason = ChatFinishReason.Stop;

        await ReadAsync(Wrap());

        UsageRecord record = await RecordAsync();
        record.Protocol.Should().Be("extensions-ai");
        record.Operation.Should().Be("chat");
        record.ResponseId.Should().Be("r-1");
        record.ResponseModel.Should().Be("local-1");
        record.StopReason.Should().Be("stop");
        record.Context.Provider.Should().Be("local");
        record.Context.Model.Should().Be("local-default");
        record.Streamed.Should().BeTrue();
        record.EventCount.Should().Be(2);
        record.BytesReceived.Should().Be(0);
        record.OutputCharacters.Should().Be(8);
        record.HttpStatusCode.Should().BeNull();
        record.StatusCode.Should().Be(200);
        record.ReportedUsageJson.Should().Contain("\"inputTokenCount\":10");
    }

    [Fact]
    public async Task Usages_of_one_stream_add_up_as_they_do_in_its_response()
    {
        _inner.Give(new TextContent("one"), Usage(10, 2)).Give(new TextContent("two"), Usage(20, 3));

        await ReadAsync(Wrap());

        UsageRecord record = await RecordAsync();
        record.Usage.Should().Be(new TokenUsage { InputTokens = 30, OutputTokens = 5 });
        _inner.Updates.ToChatResponse().Usage!.InputTokenCount.Should().Be(30);
    }

    [Fact]
    public async Task Unreported_usage_is_estimated_from_both_sides()
    {
        _inner.Give(new TextContent("The quick brown fox jumps over the lazy dog."));

        await ReadAsync(Wrap());

        UsageRecord record = await RecordAsync();
        record.Outcome.Should().Be(StreamOutcome.Completed);
        (record.InputSource, record.OutputSource).Should().Be((TokenSource.Estimated, TokenSource.Estimated));
        record.Usage.InputTokens.Should().BePositive();
        record.Usage.OutputTokens.Should().BeInRange(8, 14);
    }

    [Fact]
    public async Task Half_a_surrogate_pair_is_no_fault()
    {
        _inner.Give(new TextContent("\ud83d")).Give(new TextContent("\ude00 done"));

        await ReadAsync(Wrap());

        UsageRecord record = await RecordAsync();
        record.SkippedEvents.Should().Be(0);
        record.OutputCharacters.Should().Be(7);
    }

    [Fact]
    public async Task A_tool_call_counts_as_output()
    {
        _inner.Give(new FunctionCallContent("c-1", "GetTime", new Dictionary<string, object?> { ["zone"] = "UTC" }));

        await ReadAsync(Wrap());

        UsageRecord record = await RecordAsync();
        record.OutputSource.Should().Be(TokenSource.Estimated);
        record.OutputCharacters.Should().Be("""{"zone":"UTC"}""".Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Arguments_that_are_not_JSON_do_not_lose_the_usage(bool isStreamed)
    {
        _inner.Give(new TextContent("one"), Usage(10, 2))
            .Give(new FunctionCallContent("c-1", "Run", new Dictionary<string, object?> { ["type"] = typeof(string) }), Usage(20, 3));

        if (isStreamed)
        {
            await ReadAsync(Wrap());
        }
        else
        {
            await Wrap().GetResponseAsync("Hello", cancellationToken: Token);
        }

        (await RecordAsync()).Usage.Should().Be(new TokenUsage { InputTokens = 30, OutputTokens = 5 });
    }

    [Fact]
    public async Task A_result_that_is_not_JSON_does_not_lose_the_rest_of_the_request()
    {
        _inner.Give(new TextContent("one"));
        ChatMessage[] messages =
        [
            new(ChatRole.User, "The quick brown fox jumps over the lazy dog."),
            new(ChatRole.Tool, [new FunctionResultContent("c-1", typeof(string))]),
        ];

        await Wrap().GetResponseAsync(messages, cancellationToken: Token);

        (await RecordAsync()).Usage.InputTokens.Should().BeGreaterThan(8);
    }

    [Fact]
    public async Task A_fault_before_the_first_update_is_recorded_as_no_response()
    {
        _inner.Fault = new InvalidOperationException("Broken.");

        Func<Task> read = () => ReadAsync(Wrap());

        (await read.Should().ThrowAsync<InvalidOperationException>()).Which.Should().BeSameAs(_inner.Fault);
        UsageRecord record = await RecordAsync();
        (record.Outcome, record.Status, record.StatusCode).Should().Be((StreamOutcome.NoResponse, UsageStatus.Failed, 502));
        record.InputSource.Should().Be(TokenSource.None);
        record.ErrorMessage.Should().Be("Broken.");
    }

    [Fact]
    public async Task A_timeout_may_have_been_billed()
    {
        _inner.Fault = new TaskCanceledException("Late.", new TimeoutException());

        Func<Task> ask = () => Wrap().GetResponseAsync("Hello", cancellationToken: Token);

        await ask.Should().ThrowAsync<TaskCanceledException>();
        UsageRecord record = await RecordAsync();
        (record.Outcome, record.StatusCode).Should().Be((StreamOutcome.NoResponse, 504));
        record.InputSource.Should().Be(TokenSource.Estimated);
    }

    [Fact]
    public async Task An_HTTP_status_in_the_fault_is_the_records()
    {
        _inner.Fault = new HttpRequestException("No.", inner: null, System.Net.HttpStatusCode.TooManyRequests);

        Func<Task> ask = () => Wrap().GetResponseAsync("Hello", cancellationToken: Token);

        await ask.Should().ThrowAsync<HttpRequestException>();
        UsageRecord record = await RecordAsync();
        (record.Outcome, record.StatusCode, record.HttpStatusCode).Should().Be((StreamOutcome.ProviderError, 429, (int?)429));
        record.Usage.TotalTokens.Should().Be(0);
    }

    [Fact]
    public async Task A_fault_within_a_stream_interrupts_it()
    {
        _inner.Give(new TextContent("one")).Fault = new IOException("Reset.");

        Func<Task> read = () => ReadAsync(Wrap());

        await read.Should().ThrowAsync<IOException>();
        UsageRecord record = await RecordAsync();
        (record.Outcome, record.StatusCode, record.ErrorMessage).Should().Be((StreamOutcome.Interrupted, 502, "Reset."));
        record.OutputSource.Should().Be(TokenSource.Estimated);
    }

    [Fact]
    public async Task A_cancelled_stream_is_recorded_as_aborted()
    {
        _inner.Give(new TextContent("one")).Give(new TextContent("two"));
        using var cancelled = new CancellationTokenSource();

        Func<Task> read = async () =>
        {
            await foreach (ChatResponseUpdate _ in Wrap().GetStreamingResponseAsync("Hello", cancellationToken: cancelled.Token))
            {
                await cancelled.CancelAsync();
            }
        };

        await read.Should().ThrowAsync<OperationCanceledException>();
        UsageRecord record = await RecordAsync();
        (record.Outcome, record.StatusCode).Should().Be((StreamOutcome.ClientAborted, 499));
    }

    [Fact]
    public async Task A_stream_without_updates_is_empty()
    {
        await ReadAsync(Wrap());

        (await RecordAsync()).Outcome.Should().Be(StreamOutcome.Empty);
    }

    [Fact]
    public async Task A_stream_that_is_left_without_a_word_is_recorded_when_it_is_collected()
    {
        _inner.Give(new TextContent("one")).Give(new TextContent("two"));
        await ReadOneAndForgetAsync(Wrap());

        await Collector.CollectUntilAsync(() => !_records.IsEmpty);

        (await RecordAsync()).Outcome.Should().Be(StreamOutcome.ClientAborted);
    }

    [Fact]
    public async Task Two_wrappers_with_one_tracker_make_one_record()
    {
        _inner.Give(new TextContent("one"), Usage(10, 2));
        IChatClient twice = Wrap().AsBuilder().UseUsageTracking(options => options.Tracker = _tracker).Build();

        await ReadAsync(twice);

        (await RecordAsync()).Usage.OutputTokens.Should().Be(2);
    }

    [Fact]
    public async Task A_wrapper_with_another_sink_makes_its_own_record()
    {
        List<UsageRecord> others = [];
        await using var other = new UsageTracker(new CallbackUsageSink((record, _) =>
        {
            others.Add(record);
            return ValueTask.CompletedTask;
        }));
        _inner.Give(new TextContent("one"), Usage(10, 2));

        await ReadAsync(Wrap().AsBuilder().UseUsageTracking(options => options.Tracker = other).Build());

        await RecordAsync();
        await other.FlushAsync(Token);
        others.Should().ContainSingle();
    }

    [Fact]
    public async Task An_attached_context_does_not_reach_the_client()
    {
        _inner.Give(new TextContent("one"));
        var options = new ChatOptions { AdditionalProperties = new() { ["mine"] = 1 } };
        options.SetUsageContext(new UsageContext { UserId = "user-1" });

        await ReadAsync(Wrap(), options);

        (await RecordAsync()).Context.UserId.Should().Be("user-1");
        _inner.SeenOptions!.AdditionalProperties.Should().ContainKey("mine").And.HaveCount(1);
        options.AdditionalProperties.Should().HaveCount(2);
    }

    [Fact]
    public async Task The_context_comes_from_the_options_then_the_callback_then_the_scope()
    {
        _inner.Give(new TextContent("one"));
        IChatClient client = _inner.AsBuilder().UseUsageTracking(tracking =>
        {
            tracking.Tracker = _tracker;
            tracking.GetChatContext = _ => new UsageContext { UserId = "callback", ApiKeyId = "callback" };
        }).Build();
        var options = new ChatOptions();
        options.SetUsageContext(new UsageContext { UserId = "options" });

        using (UsageScope.Begin(new UsageContext { UserId = "scope", ApiKeyId = "scope", RequestId = "scope" }))
        {
            await ReadAsync(client, options);
        }

        UsageContext context = (await RecordAsync()).Context;
        (context.UserId, context.ApiKeyId, context.RequestId).Should().Be(("options", "callback", "scope"));
    }

    [Fact]
    public async Task A_faulty_callback_does_not_affect_the_call()
    {
        _inner.Give(new TextContent("one"));
        IChatClient client = _inner.AsBuilder().UseUsageTracking(tracking =>
        {
            tracking.Tracker = _tracker;
            tracking.GetChatContext = _ => throw new InvalidOperationException();
        }).Build();

        (await ReadAsync(client)).Should().ContainSingle();

        (await RecordAsync()).Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task The_callers_own_scope_is_unchanged_between_updates()
    {
        _inner.Give(new TextContent("one")).Give(new TextContent("two"));
        using IDisposable scope = UsageScope.Begin(new UsageContext { UserId = "outer" });

        await foreach (ChatResponseUpdate _ in Wrap().GetStreamingResponseAsync("Hello", cancellationToken: Token))
        {
            using HttpResponseMessage response = new() { Content = new StringContent("""{"object":"nothing"}""") };
            response.TrackUsage(_tracker, new UsageContext { RequestId = "other" });
        }

        await _tracker.FlushAsync(Token);
        _records.Where(record => record.Protocol == "extensions-ai").Should().ContainSingle();
    }

    [Fact]
    public async Task Messages_that_can_be_read_once_are_read_once()
    {
        _inner.Give(new TextContent("one"));
        int reads = 0;
        IEnumerable<ChatMessage> messages = Enumerable.Range(0, 1).Select(_ =>
        {
            reads++;
            return new ChatMessage(ChatRole.User, "Hello");
        });

        await foreach (ChatResponseUpdate _ in Wrap().GetStreamingResponseAsync(messages, cancellationToken: Token))
        {
            _inner.SeenMessages.Should().ContainSingle();
        }

        (await RecordAsync()).InputSource.Should().Be(TokenSource.Estimated);
        reads.Should().Be(1);
    }

    [Fact]
    public void Without_a_tracker_the_client_is_not_built()
    {
        Action build = () => _inner.AsBuilder().UseUsageTracking().Build();

        build.Should().Throw<InvalidOperationException>().WithMessage("*AddStreamUsage*");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static UsageContent Usage(long input, long output) =>
        new(new UsageDetails { InputTokenCount = input, OutputTokenCount = output, TotalTokenCount = input + output });

    private static async Task<List<ChatResponseUpdate>> ReadAsync(IChatClient client, ChatOptions? options = null)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Hello", options, Token))
        {
            updates.Add(update);
        }

        return updates;
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static async Task ReadOneAndForgetAsync(IChatClient client) =>
        await client.GetStreamingResponseAsync("Hello", cancellationToken: Token).GetAsyncEnumerator(Token).MoveNextAsync();

    private IChatClient Wrap() => _inner.AsBuilder().UseUsageTracking(options => options.Tracker = _tracker).Build();

    private async Task<UsageRecord> RecordAsync()
    {
        await _tracker.FlushAsync(Token);
        return _records.Should().ContainSingle().Subject;
    }
}
