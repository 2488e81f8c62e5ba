using System.Text.Json;

namespace StreamUsage.Framing;

/// <summary>Tells whether the data of an event that the body's end cut off is whole all the same.</summary>
internal static class UnfinishedData
{
    public static bool IsWhole(ReadOnlySpan<byte> data)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 1024 });
            bool any = false;
            while (reader.Read())
            {
                any = true;
            }

            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
