namespace StreamUsage.Serialization;

/// <summary>Puts a record that was read in order: a property that the JSON did not have is what it is in a new record, and header names compare without case.</summary>
internal static class RecordDefaults
{
    public static UsageRecord Complete(UsageRecord record)
    {
        UsageContext context = record.Context ?? UsageContext.Empty;
        return record with
        {
            Context = context with { RequestHeaders = Headers(context.RequestHeaders), ProviderRequestHeaders = Headers(context.ProviderRequestHeaders) },
            Iterations = record.Iterations ?? [],
            ServerToolUse = record.ServerToolUse ?? UsageRecord.EmptyCounts,
            TokenDetails = record.TokenDetails ?? UsageRecord.EmptyCounts,
            ResponseHeaders = Headers(record.ResponseHeaders),
        };
    }

    private static Dictionary<string, string>? Headers(IReadOnlyDictionary<string, string>? headers)
    {
        if (headers is null)
        {
            return null;
        }

        var copy = new Dictionary<string, string>(headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in headers)
        {
            copy[name] = value;
        }

        return copy;
    }
}
