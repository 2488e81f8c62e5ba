using System.Net.Sockets;
using Polly.Timeout;
using StreamUsage.Accounting;

namespace StreamUsage.Recording;

/// <summary>
/// Decides how a response ended. The first line that fits counts; each names the outcome, the status and the status
/// code:
/// <list type="table">
/// <item><term>no response</term><description>NoResponse; Canceled, 499 if the caller canceled; else Failed, 504 for
/// a timeout, else 502</description></item>
/// <item><term>HTTP status 400 or above</term><description>ProviderError, Failed, that status</description></item>
/// <item><term>an error event or error object</term><description>ProviderError, Failed, its status, else
/// 502</description></item>
/// <item><term>an accepted background answer</term><description>Pending, Pending, the HTTP status, else
/// 200</description></item>
/// <item><term>a complete answer</term><description>Completed, Completed, the HTTP status, else
/// 200</description></item>
/// <item><term>the reader left</term><description>ClientAborted, Canceled, 499</description></item>
/// <item><term>the body broke, or a shutdown</term><description>Interrupted, Failed, 502</description></item>
/// <item><term>only comments, pings and end markers, or nothing</term><description>Empty, Failed,
/// 503</description></item>
/// <item><term>nothing that a parser reads</term><description>Unreadable, Failed, 502</description></item>
/// <item><term>an incomplete answer</term><description>Interrupted, Failed, 502</description></item>
/// </list>
/// </summary>
internal static class OutcomeRules
{
    private const int ClientClosedRequest = 499;
    private const int BadGateway = 502;
    private const int ServiceUnavailable = 503;
    private const int GatewayTimeout = 504;

    /// <summary>Decides for a response.</summary>
    /// <param name="httpStatusCode">The HTTP status; null if unknown.</param>
    /// <param name="state">What the parser has read.</param>
    /// <param name="isComplete">Whether the answer is complete.</param>
    /// <param name="hasProtocol">Whether a parser has read an event.</param>
    /// <param name="end">Why the reading ended.</param>
    /// <param name="isEmpty">Whether nothing came but comments, pings and end markers.</param>
    public static Verdict Decide(
        int? httpStatusCode, in UsageAccumulator state, bool isComplete, bool hasProtocol, StreamEnd end, bool isEmpty)
    {
        if (httpStatusCode >= 400)
        {
            return new(StreamOutcome.ProviderError, UsageStatus.Failed, httpStatusCode.GetValueOrDefault());
        }

        if (state.Error is { } error)
        {
            return new(StreamOutcome.ProviderError, UsageStatus.Failed, error.StatusCode ?? BadGateway);
        }

        if (state.IsPending)
        {
            return new(StreamOutcome.Pending, UsageStatus.Pending, httpStatusCode ?? 200);
        }

        if (isComplete)
        {
            return new(StreamOutcome.Completed, UsageStatus.Completed, httpStatusCode ?? 200);
        }

        return end switch
        {
            StreamEnd.ReaderLeft => new(StreamOutcome.ClientAborted, UsageStatus.Cancelled, ClientClosedRequest),
            StreamEnd.Broke or StreamEnd.ShutDown => new(StreamOutcome.Interrupted, UsageStatus.Failed, BadGateway),
            _ when isEmpty => new(StreamOutcome.Empty, UsageStatus.Failed, ServiceUnavailable),
            _ when !hasProtocol => new(StreamOutcome.Unreadable, UsageStatus.Failed, BadGateway),
            _ => new(StreamOutcome.Interrupted, UsageStatus.Failed, BadGateway),
        };
    }

    /// <summary>Decides for a request without a response. <see cref="HttpClient"/> reports its timeout as a
    /// cancellation caused by a <see cref="TimeoutException"/>.</summary>
    public static Verdict DecideNoResponse(Exception? fault) =>
        IsTimeout(fault) ? new(StreamOutcome.NoResponse, UsageStatus.Failed, GatewayTimeout)
        : fault is OperationCanceledException ? new(StreamOutcome.NoResponse, UsageStatus.Cancelled, ClientClosedRequest)
        : new(StreamOutcome.NoResponse, UsageStatus.Failed, BadGateway);

    private static bool IsTimeout(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            if (fault is TimeoutException or TimeoutRejectedException or SocketException { SocketErrorCode: SocketError.TimedOut })
            {
                return true;
            }
        }

        return false;
    }
}
