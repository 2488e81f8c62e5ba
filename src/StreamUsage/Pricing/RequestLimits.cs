using System.Text;
using System.Text.Json;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Represents the members of a request that determine its cost: output limit, service class, media and cache
/// marks.</summary>
internal record struct RequestLimits
{
    private long? _maxTokens;
    private long? _choices;
    private string? _protocol;
    private bool _marksCache, _marksHour;

    /// <summary>Gets whether audio is sent.</summary>
    public bool HasAudio { get; private set; }

    /// <summary>Gets whether an image is sent.</summary>
    public bool HasImages { get; private set; }

    /// <summary>Gets whether a video is sent.</summary>
    public bool HasVideo { get; private set; }

    public string? Model { get; private set; }

    public string? ServiceTier { get; private set; }

    public string? Speed { get; private set; }

    public string? InferenceGeo { get; private set; }

    /// <summary>Gets the number of answers that the request asks for, from 1 to 1024.</summary>
    public readonly long Choices => Math.Clamp(_choices ?? 1, 1, 1024);

    /// <summary>Gets the output limit of all choices; null if the request sets none.</summary>
    public readonly long? MaxOutputTokens => _maxTokens is { } tokens ? Math.Clamp(tokens, 0, int.MaxValue) * Choices : null;

    /// <summary>Reads a request body: max_tokens, max_completion_tokens, max_output_tokens, n, Gemini's
    /// generationConfig, Bedrock's inferenceConfig. Malformed JSON is read up to its fault.</summary>
    public static RequestLimits Read(ReadOnlySpan<byte> body)
    {
        RequestLimits limits = default;
        if (body.IsEmpty)
        {
            return limits;
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                limits.ReadMembers(ref reader);
            }
        }
        catch (JsonException)
        {
            // The members before the fault count.
        }

        limits._marksCache = body.IndexOf("\"cache_control\""u8) >= 0 || body.IndexOf("\"cachePoint\""u8) >= 0;
        limits._marksHour = limits._marksCache && body.IndexOf("\"1h\""u8) >= 0;
        limits.HasAudio = body.IndexOf("\"input_audio\""u8) >= 0 || body.IndexOf("\"audio/"u8) >= 0;
        limits.HasImages = body.IndexOf("\"image_url\""u8) >= 0 || body.IndexOf("\"image/"u8) >= 0;
        limits.HasVideo = body.IndexOf("\"video_url\""u8) >= 0 || body.IndexOf("\"video/"u8) >= 0;
        return limits;
    }

    /// <summary>Returns the most expensive cache write that the request may cause; null for none. OpenAI caches without
    /// a mark, other providers only marked blocks.</summary>
    public readonly TokenKind? CacheWrite(ApiFormat format) =>
        _marksHour ? TokenKind.CacheCreation1h
        : _marksCache || ProviderNames.OfProtocol(ProtocolFor(format), format) == "openai" ? TokenKind.CacheCreation
        : null;

    /// <summary>Returns the likely protocol of a request without a format; null if the format is known.</summary>
    public readonly string? ProtocolFor(ApiFormat format) => format != ApiFormat.Auto ? null
        : Model?.StartsWith("claude", StringComparison.OrdinalIgnoreCase) == true ? "anthropic-messages" : _protocol;

    private void ReadMembers(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.ValueSpan.Length <= 64 ? Encoding.UTF8.GetString(reader.ValueSpan) : "";
            reader.Read();
            switch (name)
            {
                case "max_tokens" or "max_completion_tokens" or "max_output_tokens" or "max_tokens_to_sample":
                case "maxOutputTokens" or "maxTokens" or "maxNewTokens":
                    _maxTokens = ReadCount(reader) ?? _maxTokens;
                    _protocol = name == "max_output_tokens" ? "openai-responses" : _protocol;
                    break;
                case "n" or "candidateCount" or "candidate_count":
                    _choices = ReadCount(reader);
                    break;
                case "generationConfig" or "generation_config" or "inferenceConfig" or "request"
                    when reader.TokenType == JsonTokenType.StartObject:
                    _protocol = name == "inferenceConfig" ? "bedrock-converse" : _protocol;
                    ReadMembers(ref reader);
                    break;
                case "model":
                    Model = ReadName(reader) ?? Model;
                    break;
                case "service_tier" or "serviceTier":
                    ServiceTier = ReadName(reader);
                    break;
                case "speed":
                    Speed = ReadName(reader);
                    break;
                case "inference_geo":
                    InferenceGeo = ReadName(reader);
                    break;
                case "contents":
                    _protocol = "gemini";
                    reader.Skip();
                    break;
                case "messages" or "input":
                    _protocol ??= name == "input" ? "openai-responses" : "openai-chat";
                    reader.Skip();
                    break;
                default:
                    reader.Skip();
                    break;
            }

            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                reader.Skip();
            }
        }
    }

    private static long? ReadCount(in Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long count) && count >= 0 ? count : null;

    // Names that mean the standard rate become null.
    private static string? ReadName(in Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 1024 && reader.GetString() is { } word
            && word is not ("standard_only" or "auto") ? word : null;
}
