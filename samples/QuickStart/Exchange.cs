using System.Security.Cryptography;
using System.Text;
using StreamUsage;

namespace QuickStart;

/// <summary>A request and its answer, as an application sees them.</summary>
internal sealed record Exchange(UsageRecord Record, DeliveryResult Delivery, bool SameBytes)
{
    public static async Task<Exchange> RunAsync(HttpClient http, Answer answer, UsageTracker tracker, ConsoleCopy? console = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "?answer=" + Uri.EscapeDataString(answer.Name));
        request.Content = new StringContent("""{"stream":true}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        UsageTracking tracking = response.TrackUsage(tracker, new UsageContext { RequestId = answer.Name, ApiFormat = answer.Format });

        console?.Begin(answer.Name, response);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            await using Stream body = await response.Content.ReadAsStreamAsync();
            var buffer = new byte[4096];
            for (int length; (length = await body.ReadAsync(buffer)) > 0;)
            {
                received.AppendData(buffer, 0, length);
                console?.Write(buffer.AsSpan(0, length));
            }
        }
        catch (IOException fault)
        {
            console?.Break(fault.Message);
        }

        bool sameBytes = received.GetHashAndReset().AsSpan().SequenceEqual(SHA256.HashData(answer.Body));
        return new Exchange(await tracking.Completion, await tracking.Delivery, sameBytes);
    }
}
