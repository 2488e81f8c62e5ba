using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Extensions.AI;

/// <summary>Represents a chat client that records its calls. Responses and updates of the inner client pass
/// unchanged.</summary>
internal sealed class TrackedChatClient : DelegatingChatClient
{
    private static readonly ClientMessageParser Parser = new(UsageRecord.DefaultOperation);

    private readonly UsageTracker _tracker;
    private readonly UsageTrackingOptions _options;
    private readonly ILogger? _logger;
    private readonly ChatClientMetadata? _metadata;

    public TrackedChatClient(IChatClient inner, UsageTracker tracker, UsageTrackingOptions options, ILogger? logger)
        : base(inner)
    {
        _tracker = tracker;
        _options = options;
        _logger = logger;
        _metadata = inner.GetService<ChatClientMetadata>();
    }

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using TrackedCall call = Begin(ref messages, ref options, isStreamed: false);
        ChatResponse response;
        try
        {
            using (call.Enter())
            {
                response = await base.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            call.Fail(fault, cancellationToken);
            throw;
        }

        call.Receive(static (messages, answer) => messages.Write(answer), response);
        call.Complete();
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // If the caller stops early, the updates are disposed first, and then the call, which records the abort.
        using TrackedCall call = Begin(ref messages, ref options, isStreamed: true);
        IAsyncEnumerator<ChatResponseUpdate> updates =
            Open(call, () => base.GetStreamingResponseAsync(messages, options, cancellationToken), cancellationToken);
        await using (updates.ConfigureAwait(false))
        {
            while (await MoveNextAsync(call, updates, cancellationToken).ConfigureAwait(false))
            {
                ChatResponseUpdate update = updates.Current;
                call.Receive(static (messages, part) => messages.Write(part), update);
                yield return update;
            }
        }

        call.Complete();
    }

    private static IAsyncEnumerator<ChatResponseUpdate> Open(
        TrackedCall call, Func<IAsyncEnumerable<ChatResponseUpdate>> getUpdates, CancellationToken cancellationToken)
    {
        try
        {
            using (call.Enter())
            {
                return getUpdates().GetAsyncEnumerator(CancellationToken.None);
            }
        }
        catch (Exception fault)
        {
            call.Fail(fault, cancellationToken);
            throw;
        }
    }

    private static async ValueTask<bool> MoveNextAsync(
        TrackedCall call, IAsyncEnumerator<ChatResponseUpdate> updates, CancellationToken cancellationToken)
    {
        try
        {
            using (call.Enter())
            {
                return await updates.MoveNextAsync().ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            call.Fail(fault, cancellationToken);
            throw;
        }
    }

    private TrackedCall Begin(ref IEnumerable<ChatMessage> messages, ref ChatOptions? options, bool isStreamed)
    {
        ArgumentNullException.ThrowIfNull(messages);

        // The messages are read at most twice: by the client, and to estimate input that is not reported.
        messages = messages is IReadOnlyCollection<ChatMessage> or ICollection<ChatMessage> ? messages : [.. messages];
        UsageContext? attached = UsageTrackingExtensions.TakeContext(ref options);
        UsageContext context = TrackedCall.Combine(attached, _options.GetChatContext, options, nameof(_options.GetChatContext), _logger);
        string? model = options?.ModelId ?? _metadata?.DefaultModelId;
        (IEnumerable<ChatMessage> sent, ChatOptions? sentOptions) = (messages, options);
        return new TrackedCall(
            _tracker, Parser, context, isStreamed, model, _metadata?.ProviderName, () => RequestJson.Of(model, sent, sentOptions), _logger);
    }
}
