using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Reads the exceptions of Amazon Bedrock. The event's type names the exception, and its data is an object
/// with a message.</summary>
internal static class BedrockException
{
    private const int MaxNameLength = 128;

    /// <summary>Gets the type of an exception event whose data names the exception. Every other type ends in
    /// it.</summary>
    public static ReadOnlySpan<byte> Unnamed => "Exception"u8;

    /// <summary>Returns whether an event's type names an exception.</summary>
    public static bool IsType(scoped ReadOnlySpan<byte> type) => type.EndsWith(Unnamed);

    /// <summary>Reads the exception that the reader is at.</summary>
    public static ProviderError Read(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> type)
    {
        ProviderError? data = ErrorObject.Read(ref reader);
        if (type.SequenceEqual(Unnamed))
        {
            return data ?? new ProviderError();
        }

        string name = Utf8Text.ToString(type, MaxNameLength);
        return new ProviderError { Type = name, Message = data?.Message, StatusCode = StatusOf(name) };
    }

    /// <summary>Returns the HTTP status of an exception, which SDKs name in upper or lower camel case; null if
    /// unknown.</summary>
    public static int? StatusOf(string name) =>
        name.EndsWith("Exception", StringComparison.Ordinal) ? StatusOfName(char.ToLowerInvariant(name[0]) + name[1..]) : null;

    private static int? StatusOfName(string name) => name switch
    {
        "validationException" or "serviceQuotaExceededException" => 400,
        "accessDeniedException" => 403,
        "resourceNotFoundException" => 404,
        "modelTimeoutException" => 408,
        "modelErrorException" or "modelStreamErrorException" => 424,
        "throttlingException" or "modelNotReadyException" => 429,
        "internalServerException" => 500,
        "serviceUnavailableException" => 503,
        _ => null,
    };
}
