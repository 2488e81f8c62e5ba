using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StreamUsage;

const string Body = """
    event: message_start
    data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant",
    """ + "\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":" + """
    {"input_tokens":25,"output_tokens":1}}}

    event: content_block_start
    data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

    event: content_block_delta
    data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello!"}}

    event: content_block_stop
    data: {"type":"content_block_stop","index":0}

    event: message_delta
    data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}

    event: message_stop
    data: {"type":"message_stop"}


    """;

using HttpResponseMessage response = new(HttpStatusCode.OK) { Content = new StringContent(Body, Encoding.UTF8, "text/event-stream") };
UsageTracking tracking = response.TrackUsage(new PrintingSink(), new UsageContext());
string seen = await response.Content.ReadAsStringAsync();
UsageRecord record = await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30));

bool asExpected = seen == Body && record.Outcome == StreamOutcome.Completed && record.Usage is { InputTokens: 25, OutputTokens: 15 };
asExpected &=
    UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(record)) is { Id: var id, Usage: var usage, Outcome: StreamOutcome.Completed }
    && id == record.Id && usage == record.Usage;
asExpected &= await IsDeliveredAsync(inBackground: false) && await IsDeliveredAsync(inBackground: true);
asExpected &= IsBound() && IsRefused();
string found = asExpected ? "as expected" : "NOT as expected: 25 in, 15 out, completed, every byte passed on, the same from JSON and "
    + "by a container's sinks, options bound from configuration";
Console.WriteLine($"{(RuntimeFeature.IsDynamicCodeSupported ? "JIT" : "native")}: {found}");
return asExpected ? 0 : 1;

// A container's tracker, whose scoped sink fails at first.
static async Task<bool> IsDeliveredAsync(bool inBackground)
{
    var services = new ServiceCollection();
    services.AddSingleton<Store>();
    IStreamUsageBuilder builder = services.AddStreamUsage(options => options.AddZstd().RetryDelay = TimeSpan.Zero)
        .AddSink<FailingSink>().AddSink(new PrintingSink());
    if (inBackground)
    {
        builder.DeliverInBackground();
    }

    await using ServiceProvider provider = services.BuildServiceProvider();
    UsageTracker tracker = provider.GetRequiredService<UsageTracker>();
    using HttpResponseMessage response = new(HttpStatusCode.OK) { Content = new StringContent(Body, Encoding.UTF8, "text/event-stream") };
    UsageTracking tracking = response.TrackUsage(tracker, new UsageContext { RequestId = "r1" });
    await response.Content.ReadAsStringAsync();
    DeliveryResult result = await tracking.Delivery.WaitAsync(TimeSpan.FromSeconds(30));
    await tracker.DisposeAsync();
    List<UsageRecord> stored = provider.GetRequiredService<Store>().Records;
    return result == (inBackground ? DeliveryResult.Queued : DeliveryResult.Delivered)
        && stored is [{ Context.RequestId: "r1", Usage.OutputTokens: 15 }];
}

// Every option that is a value, by the library's binder, and the two classes of limits by this program's own.
static bool IsBound()
{
    IConfigurationSection section = Section(
        ("MaxEventBytes", "1"), ("MaxRetainedBytes", "2"), ("Capture", "Message, Events"), ("MaxCapturedBytes", "3"),
        ("ThrowOnUnreadableStream", "true"),
        ("DrainAbortedStreams:MaxTime", "00:00:04"), ("DrainAbortedStreams:MaxBytes", "99"), ("DrainAbortedStreams:MaxConcurrent", "5"),
        ("SinkTimeout", "00:00:06"), ("MaxDeliveryAttempts", "7"), ("RetryDelay", "00:00:08"), ("ShutdownGracePeriod", "00:00:09"),
        ("MaxRetainedTextBytes", "10"), ("MaxRequestBodyBytes", "11"), ("Background:Capacity", "12"),
        ("Background:FullQueueTimeout", "00:00:13"),
        ("Background:MaxBatchSize", "14"), ("Background:MaxBatchDelay", "00:00:15"), ("Background:MaxConcurrentBatches", "16"),
        ("Background:ShutdownTimeout", "00:00:17"));
    StreamUsageOptions options = Options(section);
    var limits = new DrainLimits();
    section.GetSection("DrainAbortedStreams").Bind(limits);
    BackgroundDeliveryOptions? background = section.GetSection("Background").Get<BackgroundDeliveryOptions>();
    return options is
    {
        MaxEventBytes: 1, MaxRetainedBytes: 2, Capture: CapturedContent.Message | CapturedContent.Events, MaxCapturedBytes: 3,
        ThrowOnUnreadableStream: true, SinkTimeout.Seconds: 6, MaxDeliveryAttempts: 7, RetryDelay.Seconds: 8,
        ShutdownGracePeriod.Seconds: 9, MaxRetainedTextBytes: 10, MaxRequestBodyBytes: 11,
    }
        && options.DrainAbortedStreams == limits && limits is { MaxTime.Seconds: 4, MaxBytes: 99, MaxConcurrent: 5 }
        && IsExpected(options.Background) && IsExpected(background);

    static bool IsExpected(BackgroundDeliveryOptions? options) =>
        options is
        {
            Capacity: 12, FullQueueTimeout.Seconds: 13, MaxBatchSize: 14, MaxBatchDelay.Seconds: 15, MaxConcurrentBatches: 16,
            ShutdownTimeout.Seconds: 17
        };
}

static bool IsRefused()
{
    try
    {
        Options(Section(("MaxEventByte", "1")));
        return false;
    }
    catch (InvalidOperationException fault)
    {
        return fault.Message.Contains("'MaxEventByte'");
    }
}

static StreamUsageOptions Options(IConfiguration section)
{
    var services = new ServiceCollection();
    services.AddStreamUsage(section).AddSink(new PrintingSink());
    using ServiceProvider provider = services.BuildServiceProvider();
    return provider.GetRequiredService<IOptions<StreamUsageOptions>>().Value;
}

static IConfigurationSection Section(params (string Key, string Value)[] values) => new ConfigurationBuilder()
    .AddInMemoryCollection(values.Select(value => KeyValuePair.Create($"StreamUsage:{value.Key}", (string?)value.Value)))
    .Build()
    .GetSection("StreamUsage");

sealed class Store
{
    public int Calls { get; set; }

    public List<UsageRecord> Records { get; } = [];
}

sealed class FailingSink(Store store) : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        if (++store.Calls == 1)
        {
            throw new InvalidOperationException();
        }

        store.Records.Add(record);
        return ValueTask.CompletedTask;
    }
}

sealed class PrintingSink : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        Console.WriteLine($"{record.Outcome}: {record.Usage.InputTokens} in, {record.Usage.OutputTokens} out");
        return ValueTask.CompletedTask;
    }
}
