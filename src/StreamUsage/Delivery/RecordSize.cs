namespace StreamUsage.Delivery;

/// <summary>Estimates the memory of a waiting record.</summary>
internal static class RecordSize
{
    private const long Fields = 2048; // A record with its context, without the texts that are counted below.

    public static long Of(UsageRecord record)
    {
        long characters = Length(record.ErrorMessage) + Length(record.Response?.RawExcerpt);
        foreach (string data in record.Response?.Events ?? [])
        {
            characters += data.Length;
        }

        foreach (ContentBlock block in record.Response?.Message?.Content ?? [])
        {
            characters += Length(block.Text) + Length(block.InputJson) + Length(block.Signature);
        }

        return Fields + (characters * sizeof(char)) + record.ReportedUsage.Size + record.Context.RequestBody.Length;
    }

    private static long Length(string? text) => text?.Length ?? 0;
}
