Console.WriteLine("StreamUsage");
