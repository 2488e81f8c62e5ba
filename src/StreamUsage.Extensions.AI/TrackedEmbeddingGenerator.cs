using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Extensions.AI;

/// <summary>Represents an embedding generator that records its calls. Responses of the inner generator pass
/// unchanged.</summary>
internal sealed class TrackedEmbeddingGenerator<TInput, TEmbedding> : DelegatingEmbeddingGenerator<TInput, TEmbedding>
    where TEmbedding : Embedding
{
    private static readonly ClientMessageParser Parser = new("embeddings");

    private readonly UsageTracker _tracker;
    private readonly UsageTrackingOptions _options;
    private readonly ILogger? _logger;
    private readonly EmbeddingGeneratorMetadata? _metadata;

    public TrackedEmbeddingGenerator(
        IEmbeddingGenerator<TInput, TEmbedding> inner, UsageTracker tracker, UsageTrackingOptions options, ILogger? logger)
        : base(inner)
    {
        _tracker = tracker;
        _options = options;
        _logger = logger;
        _metadata = inner.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata;
    }

    public override async Task<GeneratedEmbeddings<TEmbedding>> GenerateAsync(
        IEnumerable<TInput> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        using TrackedCall call = Begin(ref values, ref options);
        GeneratedEmbeddings<TEmbedding> embeddings;
        try
        {
            using (call.Enter())
            {
                embeddings = await base.GenerateAsync(values, options, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            call.Fail(fault, cancellationToken);
            throw;
        }

        call.Receive(
            static (messages, answer) => messages.Write(answer.Count == 0 ? null : answer[0].ModelId, answer.Usage), embeddings);
        call.Complete();
        return embeddings;
    }

    private TrackedCall Begin(ref IEnumerable<TInput> values, ref EmbeddingGenerationOptions? options)
    {
        ArgumentNullException.ThrowIfNull(values);
        values = values is IReadOnlyCollection<TInput> or ICollection<TInput> ? values : [.. values];
        UsageContext? attached = UsageTrackingExtensions.TakeContext(ref options);
        UsageContext context =
            TrackedCall.Combine(attached, _options.GetEmbeddingContext, options, nameof(_options.GetEmbeddingContext), _logger);
        string? model = options?.ModelId ?? _metadata?.DefaultModelId;
        IEnumerable<TInput> sent = values;
        return new TrackedCall(
            _tracker, Parser, context, isStreamed: false, model, _metadata?.ProviderName, () => RequestJson.Of(model, sent), _logger);
    }
}
