"""Looking at photographs of people: faces, pose and outline, on CPU, from weights that travel inside a wheel.

The networks are MediaPipe's (Apache-2.0). Only their `.tflite` files are taken from the `mediapipe` wheel; OpenCV runs
them. MediaPipe's own runtime would pin numpy<2 and protobuf<5 and wants matplotlib, and has no wheel for Python 3.13.
"""
